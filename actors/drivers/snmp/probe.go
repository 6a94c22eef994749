package snmp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Probe asks an agent for whatever it has, for those who look for devices. It has no way to write. Its methods may be called
// concurrently; one question is on its way at a time.
type Probe struct {
	mu    sync.Mutex // held while a question is on its way
	agent *agent
	is    access
}

// Object is an object that an agent has.
type Object struct {
	// OID is its identifier with its instance, in numbers.
	OID string
	// Value is what it is: a number, text, or bytes that are no text.
	Value *roostv1.Value
}

// NewProbe returns a probe of an agent, by the keys of an address as devices have them. It reads the secrets, and asks nothing yet.
func NewProbe(keys map[string]string) (*Probe, error) {
	at, problems := parseAddress(&roostv1.DeviceSpec{Address: keys})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	is, err := at.access()
	if err != nil {
		return nil, err
	}
	return &Probe{agent: newAgent(at, is), is: is}, nil
}

// Close ends the probe; a question that is on its way ends, too.
func (p *Probe) Close() { p.agent.close() }

// Get returns those of the objects that the agent has, by identifier. Agents of version 1 are asked for each alone: they answer nothing where
// one is missing.
func (p *Probe) Get(ctx context.Context, oids ...string) (map[string]*roostv1.Value, error) {
	most := p.agent.at.most
	if p.agent.at.version == gosnmp.Version1 {
		most = 1
	}
	values := make(map[string]*roostv1.Value, len(oids))
	for some := range slices.Chunk(oids, most) {
		answer, err := p.ask(ctx, &question{kind: gosnmp.GetRequest, variables: nullsOf(dotted(some)...)})
		if err != nil {
			return values, err
		}
		for _, v := range answer {
			values[v.OID] = v.Value
		}
	}
	return values, nil
}

// manyNeighbours is how many objects are asked for at once in a walk: what fits any answer.
const manyNeighbours = 10

// Walk returns the objects below one, no more than so many, in their order. An agent that goes backwards has no more.
func (p *Probe) Walk(ctx context.Context, root string, most int) ([]Object, error) {
	var objects []Object
	at := root
	for len(objects) < most {
		q := &question{kind: gosnmp.GetBulkRequest, variables: nullsOf(dotted([]string{at})...), repetitions: uint32(min(manyNeighbours, most-len(objects)))}
		if p.agent.at.version == gosnmp.Version1 {
			q.kind, q.repetitions = gosnmp.GetNextRequest, 0
		}
		answer, err := p.ask(ctx, q)
		if err != nil {
			return objects, err
		}
		for _, o := range answer {
			if !strings.HasPrefix(o.OID, root+".") || !after(o.OID, at) || len(objects) == most {
				return objects, nil
			}
			objects = append(objects, o)
			at = o.OID
		}
		if len(answer) == 0 {
			return objects, nil
		}
	}
	return objects, nil
}

// dotted returns identifiers as the library has them.
func dotted(oids []string) []string {
	all := make([]string, len(oids))
	for i, oid := range oids {
		all[i] = "." + plainOID(oid)
	}
	return all
}

// after tells whether an identifier comes after another one.
func after(oid, other string) bool {
	return slices.CompareFunc(strings.Split(oid, "."), strings.Split(other, "."), func(a, b string) int {
		x, _ := strconv.ParseUint(a, 10, 32)
		y, _ := strconv.ParseUint(b, 10, 32)
		return int(int64(x) - int64(y))
	}) > 0
}

// ask returns the objects of an answer, but for those that the agent does not have.
func (p *Probe) ask(ctx context.Context, q *question) ([]Object, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.community, q.again = p.is.reading, p.agent.at.retries
	answer, err := p.agent.ask(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", p.agent.at.agent, err)
	}
	if answer.Error == gosnmp.NoSuchName {
		return nil, nil
	}
	if answer.Error != gosnmp.NoError {
		return nil, status(answer.Error)
	}
	var objects []Object
	for i := range answer.Variables {
		if v := &answer.Variables[i]; plainValue(v) != nil {
			objects = append(objects, Object{OID: plainOID(v.Name), Value: plainValue(v)})
		}
	}
	return objects, nil
}

// plainValue returns what a variable is by itself; nil if it is nothing.
func plainValue(v *gosnmp.SnmpPDU) *roostv1.Value {
	switch raw := v.Value.(type) {
	case nil:
		return nil
	case []byte:
		if utf8.Valid(raw) {
			return roostv1.Text(textOf(raw))
		}
		return roostv1.Bytes(slices.Clone(raw))
	case string:
		return roostv1.Text(plainOID(raw))
	}
	return number(v)
}
