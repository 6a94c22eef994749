package snmp

import (
	"context"
	"fmt"
	"strings"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Found is what an agent tells of itself.
type Found struct {
	Description, ObjectID, Name, Contact, Location string // empty where it says nothing
	Candidates                                     []Candidate
}

// Candidate is something that can be read of an agent, and what it is now.
type Candidate struct {
	Resource *roostv1.Resource // as a profile has it; readable only
	Value    *roostv1.Value
}

// Look asks the agent at an address, which has the keys that a fleet file has, who it is and what it has of what is known here: interfaces,
// processors and volumes, power supplies by RFC 1628, printers. It asks one question after the other; an agent that answers slowly may need
// more than ctx has, and then what was found so far comes with the error. Nothing is written.
func Look(ctx context.Context, address map[string]string) (Found, error) {
	at, problems := parseAddress(&roostv1.DeviceSpec{Driver: Name, Address: address}, keys.Anywhere)
	if err := problems.Err(); err != nil {
		return Found{}, err
	}
	is, err := at.access()
	if err != nil {
		return Found{}, err
	}
	s := &session{agent: newAgent(at, is), access: is, most: at.most}
	defer s.agent.socket.close()
	if err := s.greet(ctx); err != nil {
		return Found{}, fmt.Errorf("look at %s: %w", at.agent, err)
	}
	l := look{session: s, ctx: ctx, taken: make(map[string]bool)}
	l.system()
	for _, g := range catalog {
		l.group(g)
	}
	if l.err != nil {
		return l.found, fmt.Errorf("look at %s: %w", at.agent, l.err)
	}
	return l.found, nil
}

// look is one look at an agent. After the first error nothing is asked any more.
type look struct {
	session *session
	ctx     context.Context // of one call of Look
	found   Found
	taken   map[string]bool // names
	err     error
}

// system reads what every agent tells.
func (l *look) system() {
	told := map[string]*string{
		mib2 + "1.1.0": &l.found.Description, mib2 + "1.2.0": &l.found.ObjectID, mib2 + "1.4.0": &l.found.Contact,
		mib2 + "1.5.0": &l.found.Name, mib2 + "1.6.0": &l.found.Location,
	}
	l.walk(mib2+"1", manyRows, func(oid string, v *gosnmp.SnmpPDU) {
		if to := told[oid]; to != nil {
			value, _ := entryFor(&roostv1.Resource{Type: isText, Protocol: map[string]string{"oid": plainOID(oid)}}).decode(v)
			*to = value.GetString_()
		}
	})
}

func (l *look) walk(below string, most int, visit func(string, *gosnmp.SnmpPDU)) {
	if l.err == nil {
		l.err = l.session.walk(l.ctx, below, most, visit)
	}
}

func (l *look) group(g group) {
	rows := l.rows(g)
	for _, k := range g.kinds {
		if g.labels == "" {
			l.walk(parentOf(k.oid), 1, func(oid string, v *gosnmp.SnmpPDU) { l.candidate(oid, v, k, g.prefix, "") })
			continue
		}
		if len(rows) == 0 {
			return
		}
		l.walk(k.oid, g.most, func(oid string, v *gosnmp.SnmpPDU) {
			if label, known := rows[strings.TrimPrefix(oid, k.oid)]; known {
				l.candidate(oid, v, k, g.prefix, label)
			}
		})
	}
}

// rows returns the names of a table's rows by their index.
func (l *look) rows(g group) map[string]string {
	rows := make(map[string]string)
	if g.labels == "" {
		return rows
	}
	l.walk(g.labels, g.most, func(oid string, v *gosnmp.SnmpPDU) {
		index := strings.TrimPrefix(oid, g.labels)
		label := plainOID(index)
		if text, ok := v.Value.([]byte); ok && wordOf(textOf(text)) != "" {
			label = wordOf(textOf(text))
		}
		rows[index] = label
	})
	return rows
}

// candidate adds what can be read.
func (l *look) candidate(oid string, v *gosnmp.SnmpPDU, k kind, prefix, label string) {
	r := &roostv1.Resource{
		Name: l.name(prefix, label, k.name, plainOID(oid)), Description: k.about, Type: k.is, Unit: k.unit, Access: roostv1.Access_ACCESS_READ,
		Protocol: map[string]string{"oid": plainOID(oid)},
	}
	if k.scale != "" {
		r.Protocol["scale"] = k.scale
	}
	if k.words != "" {
		r.Protocol["words"] = k.words
	}
	if value, _ := entryFor(r).decode(v); value != nil {
		l.found.Candidates = append(l.found.Candidates, Candidate{r, value})
	}
}

// entryFor returns the entry of a resource that is right.
func entryFor(r *roostv1.Resource) *entry {
	entries, _ := parseEntries(&roostv1.Profile{Resources: []*roostv1.Resource{r}})
	return entries[r.Name]
}

// parentOf returns an object without its instance.
func parentOf(oid string) string { return oid[:strings.LastIndexByte(oid, '.')] }

// maxLabel is how much of a row's name is in that of a resource, which has 64 characters.
const maxLabel = 30

// name returns a name that no other candidate has.
func (l *look) name(prefix, label, name, oid string) string {
	var parts []string
	for _, part := range []string{prefix, label, name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	full := strings.Join(parts, ".")
	if l.taken[full] {
		full += oid[strings.LastIndexByte(oid, '.'):]
	}
	l.taken[full] = true
	return full
}

// wordOf makes a text part of a name.
func wordOf(text string) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			return r
		}
		return '_'
	}, text)
	return strings.Trim(word[:min(len(word), maxLabel)], "_")
}
