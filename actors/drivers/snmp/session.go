package snmp

import (
	"context"
	"errors"
	"fmt"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// session is one session with a device. Its calls come one at a time.
type session struct {
	device  string
	agent   *agent
	access  access
	entries map[string]*entry
	most    int             // objects that the agent gives at once
	alone   map[string]bool // what spoils the answer for others, by identifier
	planned planned
}

// asks tells whether the agent is ever asked for anything.
func (s *session) asks() bool {
	for _, e := range s.entries {
		if e.asked() && e.resource.Readable() || e.resource.Writable() {
			return true
		}
	}
	return false
}

// greet asks the agent for something that every agent has. Whatever it answers, it is there.
func (s *session) greet(ctx context.Context) error {
	answer, err := s.agent.ask(ctx, s.get(nullsOf(upTime)))
	switch {
	case errors.Is(err, errNoAnswer) && s.access.user == nil:
		return fmt.Errorf("%w: it is not there, or does not answer to a wrong community or another version", err)
	case errors.Is(err, errNoAnswer) && s.agent.engine.id != "":
		return fmt.Errorf("%w: it said who it is, but does not answer to a wrong privacy_password or privacy", err)
	case err != nil:
		return err
	}
	if status(answer.Error) == status(gosnmp.AuthorizationError) {
		return roostv1.Errorf(roostv1.ErrUnavailable, "the agent lets this user read nothing: %v", status(answer.Error))
	}
	return nil
}

func (s *session) get(variables []gosnmp.SnmpPDU) *question {
	return &question{kind: gosnmp.GetRequest, community: s.access.reading, variables: variables, again: s.agent.at.retries}
}

// Actuate writes a resource.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", a.Resource, s.device, err)
	}
	return nil, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) error {
	e := s.entries[a.Resource]
	if e == nil || !e.resource.Writable() {
		return notSent(errors.New("there is no such resource to write"))
	}
	variable, err := e.encode(a.Value)
	if err != nil {
		return notSent(err)
	}
	// It is sent once: who hears no answer does not know what the device has done.
	answer, err := s.agent.ask(ctx, &question{kind: gosnmp.SetRequest, community: s.access.writing, variables: []gosnmp.SnmpPDU{variable}})
	var r report
	switch {
	case errors.Is(err, actors.ErrNotSent):
		return err
	case errors.As(err, &r):
		return fmt.Errorf("%w: %w", actors.ErrRefused, err)
	case err != nil:
		return err
	}
	return status(answer.Error).outcome()
}

// Close ends the session. Nothing is said to the device: SNMP has no farewell.
func (s *session) Close(context.Context) error {
	s.agent.socket.close()
	return nil
}
