package snmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gosnmp/gosnmp"
)

// The object that every agent has, and which is asked for to hear whether it is there.
const upTime = ".1.3.6.1.2.1.1.3.0"

// clockAge is how old what is known of an agent's clock may be before a SET: one that has restarted takes no message until it is asked
// for its clock again.
const clockAge = time.Second

// meet learns who the agent is, if that is not known. Before a SET it makes sure of it: an agent that has restarted would not take it, and it is
// not sent twice.
func (a *agent) meet(ctx context.Context, conn net.Conn, q *question) error {
	if a.engine.id == "" {
		if err := a.discover(ctx, conn); err != nil {
			return err
		}
	} else if err := a.engine.tell(a.codec.user); err != nil {
		return err
	}
	if q.kind != gosnmp.SetRequest || time.Since(a.engine.heard) < clockAge {
		return nil
	}
	_, err := a.converse(ctx, conn, &question{kind: gosnmp.GetRequest, variables: nullsOf(upTime), again: a.at.retries})
	return err
}

// discover asks the agent who it is. The answer is a report.
func (a *agent) discover(ctx context.Context, conn net.Conn) error {
	_, err := a.exchange(ctx, conn, a.at.retries, a.codec.discovery)
	var r report
	switch {
	case errors.As(err, &r) && a.engine.id != "":
		return nil
	case errors.As(err, &r):
		return fmt.Errorf("%w: %w", errNoEngine, err)
	}
	return err
}

// learn notes the clock of an agent that has proved who it is.
func (a *agent) learn(message *gosnmp.SnmpPacket) {
	if known, ok := engineOf(message); ok && known.id == a.engine.id {
		a.engine = known
	}
}

// reported notes what a report tells, and returns it as an error. The clock of an agent is believed if it proves who it is; its name has to be
// believed without.
func (a *agent) reported(message *gosnmp.SnmpPacket, authentic bool) error {
	r := reportOf(message)
	is, ok := engineOf(message)
	if !ok || !(a.engine.id == "" || r == reportEngine || authentic && r == reportTime) {
		return r
	}
	a.engine = is
	if err := is.tell(a.codec.user); err != nil {
		return err
	}
	return r
}

// nullsOf returns variables that are asked for.
func nullsOf(oids ...string) []gosnmp.SnmpPDU {
	variables := make([]gosnmp.SnmpPDU, len(oids))
	for i, oid := range oids {
		variables[i] = gosnmp.SnmpPDU{Name: oid, Type: gosnmp.Null}
	}
	return variables
}
