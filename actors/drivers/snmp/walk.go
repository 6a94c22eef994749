package snmp

import (
	"context"
	"strconv"
	"strings"

	"github.com/gosnmp/gosnmp"
)

// repetitions is how many neighbours are asked for at once: few, since some agents take long for many, or never answer.
const repetitions = 10

// walk visits the objects below an identifier, in their order, up to a number of them. It ends where the agent has no more, and where it
// goes round in a circle.
func (s *session) walk(ctx context.Context, below string, most int, visit func(oid string, v *gosnmp.SnmpPDU)) error {
	last := below
	for most > 0 {
		answer, err := s.agent.ask(ctx, s.next(last))
		if err != nil {
			return err
		}
		if answer.Error != gosnmp.NoError || len(answer.Variables) == 0 {
			return nil // version 1 says so at the end
		}
		for i := range answer.Variables {
			v := &answer.Variables[i]
			if most == 0 || !strings.HasPrefix(v.Name, below+".") || !after(v.Name, last) || v.Type == gosnmp.EndOfMibView {
				return nil
			}
			visit(v.Name, v)
			last, most = v.Name, most-1
		}
	}
	return nil
}

// next is the question for what comes after an object.
func (s *session) next(oid string) *question {
	q := s.get(nullsOf(oid))
	q.kind = gosnmp.GetNextRequest
	if s.agent.at.version != gosnmp.Version1 {
		q.kind, q.repetitions = gosnmp.GetBulkRequest, repetitions
	}
	return q
}

// after tells whether an object comes after another one.
func after(oid, other string) bool {
	a, b := strings.Split(plainOID(oid), "."), strings.Split(plainOID(other), ".")
	for i := range min(len(a), len(b)) {
		x, _ := strconv.ParseUint(a[i], 10, 32)
		y, _ := strconv.ParseUint(b[i], 10, 32)
		if x != y {
			return x > y
		}
	}
	return len(a) > len(b)
}
