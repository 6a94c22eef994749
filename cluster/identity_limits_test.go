package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestRights: what counts is what is recorded now of the credentials and of the device, and nothing recorded is no
// permission. It is what a device's owner asks before a command is sent.
func TestRights(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	limited := func(name, selector string) *roostv1.Grant {
		return &roostv1.Grant{Name: name, Role: "limited", Selector: selector}
	}
	id := func(name, role string) *roostv1.Identity { return &roostv1.Identity{Name: name, Role: role} }
	rights := f.g1.Rights()
	for _, c := range []struct {
		name  string
		grant *roostv1.Grant // written before; nil: none
		by    *roostv1.Identity
		d1    bool // in the north
	}{
		{"nobody is known by name", nil, nil, true},
		{"an operator", nil, id("ann", "operator"), true},
		{"a limited one of whom nothing is recorded", nil, id("new", "limited"), false},
		{"a viewer", nil, id("vic", "viewer"), false},
		{"a gateway", nil, id("g2", "gateway"), false},
		{"an admin", nil, id("admin", "admin"), false},
		{"no role at all", nil, id("ann", ""), false},
		{"in the selector", nil, id("ben", "limited"), true},
		{"the selector changed", limited("ben", "site=south"), id("ben", "limited"), false},
		{"and back", limited("ben", "site=north"), id("ben", "limited"), true},
		{"two labels, one of them missing", limited("ben", "site=north,floor=2"), id("ben", "limited"), false},
		{"no selector", limited("ben", ""), id("ben", "limited"), false},
		{"the north again", limited("ben", "site=north"), id("ben", "limited"), true},
		{"no selector that can be read", limited("ben", "site"), id("ben", "limited"), false},
		{"and the north again", limited("ben", "site=north"), id("ben", "limited"), true},
		{"a role that there is not", &roostv1.Grant{Name: "ben", Role: "king", Selector: "site=north"}, id("ben", "limited"), false},
		{"revoked", &roostv1.Grant{Name: "ben", Role: "limited", Selector: "site=north", Revoked: true}, id("ben", "limited"), false},
		{"revoked, and gone from the hub", &roostv1.Grant{Name: "ann", Revoked: true}, id("ann", "operator"), false},
		{"a recorded operator", &roostv1.Grant{Name: "ann", Role: "operator"}, id("ann", "operator"), true},
		{"an operator who is limited by now", limited("ann", "site=south"), id("ann", "operator"), false},
		{"and limited to this", limited("ann", "site=north"), id("ann", "operator"), true},
		{"an operator who is a viewer by now", &roostv1.Grant{Name: "ann", Role: "viewer"}, id("ann", "operator"), false},
		{"a limited one who is an operator by now", &roostv1.Grant{Name: "ben", Role: "operator"}, id("ben", "limited"), false},
	} {
		if c.grant != nil {
			f.seen(t, f.g1, f.grant(t, c.grant))
		}
		if err := rights.Permit(c.by, "d1"); (err == nil) != c.d1 || err != nil && !errors.Is(err, roostv1.ErrPermission) {
			t.Errorf("%s: got %v, want allowed %v", c.name, err, c.d1)
		}
	}
}

// TestRightsFollowTheDevice: a label that a device loses takes it out of a selector.
func TestRightsFollowTheDevice(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	ben := &roostv1.Identity{Name: "ben", Role: "limited"}
	if err := f.g1.Rights().Permit(ben, "d1"); err != nil {
		t.Fatal(err)
	}
	apply(t, f.client(t, "ann"), sited("d1", "south"), sited("d2", "north"))
	info, err := mustStream(t, jetStream(t, f.admin), f.names.ControlStream()).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.seen(t, f.g1, info.State.LastSeq)
	if err := f.g1.Rights().Permit(ben, "d1"); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("moved away: got %v, want ErrPermission", err)
	}
	if err := f.g1.Rights().Permit(ben, "d2"); err != nil {
		t.Errorf("moved here: got %v", err)
	}
	if err := f.g1.Rights().Permit(ben, "d3"); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("a device that there is not: got %v, want ErrPermission", err)
	}
}

// TestFreshGrant: who was let in a moment ago need not wait until every gateway has heard of it.
func TestFreshGrant(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	bob := f.client(t, "bob")
	if record, err := bob.Send(t.Context(), setLimit("c1", "d2"), askWait); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("before: got %v, %v, want ErrPermission", record, err)
	}
	f.grant(t, &roostv1.Grant{Name: "bob", Role: "limited", Selector: "site=south"})
	if record, err := bob.Send(t.Context(), setLimit("c2", "d2"), askWait); err != nil || record.State != succeeded {
		t.Errorf("after: got %v, %v", record, err)
	}
}

// TestLimitedCancels: who may not command a device may not keep others from it either.
func TestLimitedCancels(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1").keeps())
	ann, ben := f.client(t, "ann"), f.client(t, "ben")
	for _, device := range []string{"d1", "d2"} {
		if _, err := ann.Send(t.Context(), setLimit("c1", device), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	cancel := func(device string) error {
		_, err := ben.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: device, CommandId: "c1", Sender: "ann"}, 10*time.Millisecond)
		return err
	}
	if err := cancel("d2"); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("outside the selector: got %v, want ErrPermission", err)
	}
	if err := cancel("d1"); err != nil {
		t.Errorf("in the selector: got %v", err)
	}
	open := await(t, "cancellation", f.host.handed, func(h handOver) bool { return h.open[0].Cancellation != nil })
	if by := open.open[0].Cancellation.SubmittedBy; by.GetName() != "ben" || by.GetRole() != "limited" {
		t.Errorf("cancelled by %v, want ben", by)
	}
	for _, device := range []string{"d1", "d2"} {
		m, err := mustStream(t, jetStream(t, f.admin), f.names.ControlStream()).GetLastMsgForSubject(t.Context(), f.names.Cancel(device, "c1"))
		if there := err == nil; there != (device == "d1") {
			t.Errorf("cancellation for %s: got %v, %v", device, m, err)
		}
	}
}

// TestLimitedFleetCommand: each device of a fleet command has an outcome of its own.
func TestLimitedFleetCommand(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	command := setLimit("all", "")
	run, err := f.client(t, "ben").SendAll(t.Context(), cluster.FleetCommand{Command: command, Wait: askWait})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*roostv1.CommandRecord{}
	for record := range run.Outcomes(t.Context()) {
		got[record.DeviceId] = record
	}
	if r := got["d1"]; r.GetState() != succeeded || r.SubmittedBy.GetName() != "ben" {
		t.Errorf("d1: got %v", r)
	}
	if r := got["d2"]; r.GetState() != 0 || r.Status.GetCode() != roostv1.ErrPermission || r.Effect != roostv1.Effect_EFFECT_NONE {
		t.Errorf("d2: got %v", r)
	}
}

// TestRolesOfClients: what a role may not do is said at once, and in words.
func TestRolesOfClients(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	ann := f.client(t, "ann")
	if _, err := ann.SetDesired(t.Context(), "d1", map[string]*roostv1.Value{"limit": roostv1.Double(20)}, nil, "ann", ""); err != nil {
		t.Errorf("an operator: %v", err)
	}
	if _, err := ann.Send(t.Context(), setLimit("c1", "d1"), askWait); err != nil {
		t.Errorf("an operator: %v", err)
	}
	for _, name := range []string{"ben", "vic"} {
		client := f.client(t, name)
		started := time.Now()
		acts := map[string]error{
			"desire":  second(client.SetDesired(t.Context(), "d1", map[string]*roostv1.Value{"limit": roostv1.Double(1)}, nil, name, "")),
			"apply":   second(client.Apply(t.Context(), fleetOf(sited("d3", "north")))),
			"retire":  client.Retire(t.Context(), "d1"),
			"release": client.Release(t.Context(), "d1"),
			"drain":   client.Drain(t.Context(), "g1"),
		}
		if name == "vic" {
			acts["send"] = second(client.Send(t.Context(), setLimit("c2", "d1"), askWait))
			acts["cancel"] = second(client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: "d1", CommandId: "c1"}, askWait))
		}
		for act, err := range acts {
			if !errors.Is(err, roostv1.ErrPermission) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: got %v, want ErrPermission", name, act, err)
			}
		}
		if took := time.Since(started); took > time.Second {
			t.Errorf("%s: refused after %v, want at once", name, took)
		}
		if record, err := client.Command(t.Context(), "d1", "c1", 0); err != nil || record.SubmittedBy.GetName() != "ann" {
			t.Errorf("%s reads: got %v, %v", name, record, err)
		}
		if devices, err := client.Devices(t.Context()); err != nil || len(devices) != 2 {
			t.Errorf("%s reads: got %d devices, %v", name, len(devices), err)
		}
	}
}
