package findsnmp

import (
	"context"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// look finds out what an agent has.
type look struct {
	*snmp.Probe
	rows  int
	agent *Agent
	names discover.Names
}

// all asks for all MIBs, until ctx ends. An agent that does not answer one question is asked the next: some fail at one table.
func (l *look) all(ctx context.Context) {
	for _, m := range mibs() {
		l.scalars(ctx, m.scalars)
		for _, t := range m.tables {
			if ctx.Err() != nil {
				return
			}
			l.table(ctx, t)
		}
	}
}

func (l *look) scalars(ctx context.Context, objects []object) {
	if len(objects) == 0 {
		return
	}
	oids := make([]string, len(objects))
	for i, o := range objects {
		oids[i] = o.oid
	}
	has, _ := l.Get(ctx, oids...) // what was got until it failed is there
	for _, o := range objects {
		if o.suits(has[o.oid]) {
			l.add(o, o.name, o.oid, o.text, o.scale)
		}
	}
}

// suits tells whether a value is what the object should be.
func (o object) suits(v *roostv1.Value) bool {
	if v == nil {
		return false
	}
	if o.kind == isText && o.words == "" {
		return true
	}
	_, number := v.Number()
	return number
}

// table finds the rows of a table, by its columns.
func (l *look) table(ctx context.Context, t table) {
	rows := map[string]map[string]*roostv1.Value{} // by index and column
	var order []string
	for _, column := range t.columns {
		for index, v := range l.column(ctx, column.oid) {
			if rows[index] == nil {
				rows[index] = map[string]*roostv1.Value{}
				order = append(order, index)
			}
			rows[index][column.oid] = v
		}
	}
	if len(rows) == 0 {
		return
	}
	names := t.rowNames(ctx, l)
	units := map[string]*roostv1.Value{}
	if t.unit != "" {
		units = l.column(ctx, t.unit)
	}
	sortIndexes(order)
	for i, index := range order {
		if i == l.rows {
			l.agent.Left += len(order) - l.rows
			break
		}
		l.row(t, index, rows[index], names[index], units[index])
	}
}

// maxRows bounds how many rows of a table are looked at.
const maxRows = 1000

// column returns what a column has, by the index of the row.
func (l *look) column(ctx context.Context, oid string) map[string]*roostv1.Value {
	objects, _ := l.Walk(ctx, oid, maxRows) // what was got until it failed is there
	values := make(map[string]*roostv1.Value, len(objects))
	for _, o := range objects {
		values[strings.TrimPrefix(o.OID, oid+".")] = o.Value
	}
	return values
}

// rowNames returns what rows are called, by index.
func (t table) rowNames(ctx context.Context, l *look) map[string]string {
	names := map[string]string{}
	for _, column := range t.names {
		for index, v := range l.column(ctx, column) {
			if text := discover.Line(textOf(v)); names[index] == "" {
				names[index] = text
			}
		}
	}
	return names
}

// row adds the resources of a row.
func (l *look) row(t table, index string, values map[string]*roostv1.Value, name string, unit *roostv1.Value) {
	label := name
	if label == "" {
		label = index
	}
	for _, column := range t.columns {
		if !column.suits(values[column.oid]) {
			continue
		}
		scale := column.scale
		if n, ok := unit.Number(); ok && n != 1 {
			scale = strconv.FormatFloat(n, 'f', -1, 64)
		}
		l.add(column, t.of+"-"+label+"-"+column.name, column.oid+"."+index, column.text+": "+label, scale)
	}
}

// add adds a resource.
func (l *look) add(o object, name, oid, text, scale string) {
	r := &roostv1.Resource{
		Name: l.names.Name(name), Description: text, Type: o.kind, Unit: o.unit, Access: roostv1.Access_ACCESS_READ,
		Protocol: map[string]string{"oid": oid},
	}
	if o.kind == isDouble && scale != "" && scale != "1" && scale != "0" {
		r.Protocol["scale"] = scale
	}
	if o.words != "" {
		r.Protocol["words"] = o.words
		for pair := range strings.SplitSeq(o.words, ", ") {
			_, word, _ := strings.Cut(pair, "=")
			r.Options = append(r.Options, word)
		}
	}
	l.agent.Resources = append(l.agent.Resources, r)
}
