package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSubmittedBy: the record says who submitted a command, as the hub knows it.
func TestSubmittedBy(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	for name, role := range map[string]string{"ann": "operator", "ben": "limited"} {
		command := setLimit("c-"+name, "d1")
		command.Sender = "somebody else"
		record, err := f.client(t, name).Send(t.Context(), command, askWait)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if by := record.SubmittedBy; by.GetName() != name || by.GetRole() != role || record.State != succeeded {
			t.Errorf("%s: got submitted by %v, %s", name, by, record.State.Word())
		}
		if kept := recordAt(t, f.admin, f.names, "d1", "c-"+name); kept.GetSubmittedBy().GetName() != name || kept.GetCommand().GetSender() != "somebody else" {
			t.Errorf("%s: kept: %v", name, kept)
		}
	}
}

// TestLimited: who is limited to a selector commands the devices that it selects, and no others; what he is refused
// leaves no record, and the fleet is told.
func TestLimited(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	events := f.refused(t)
	ben := f.client(t, "ben")
	if record, err := ben.Send(t.Context(), setLimit("c1", "d1"), askWait); err != nil || record.State != succeeded {
		t.Errorf("in the selector: got %v, %v", record, err)
	}
	started := time.Now()
	if record, err := ben.Send(t.Context(), setLimit("c2", "d2"), askWait); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("outside the selector: got %v, %v, want ErrPermission", record, err)
	}
	if took := time.Since(started); took > askWait/2 {
		t.Errorf("refused after %v, want at once", took)
	}
	if kept := recordAt(t, f.admin, f.names, "d2", "c2"); kept != nil {
		t.Errorf("outside the selector: it was recorded: %v", kept)
	}
	if e := await(t, "event", events, func(*roostv1.Event) bool { return true }); e.DeviceId != "d2" || !errors.Is(e.Status, roostv1.ErrPermission) {
		t.Errorf("got event %v", e)
	}
}

// TestRefusalsAreToldOfSparingly: whoever knocks without end does not drown what else there is to hear.
func TestRefusalsAreToldOfSparingly(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	events := f.refused(t)
	ben, bob := f.client(t, "ben"), f.client(t, "bob")
	started := time.Now()
	for range 50 {
		if _, err := ben.Send(t.Context(), setLimit("", "d2"), askWait); !errors.Is(err, roostv1.ErrPermission) {
			t.Fatalf("got %v, want ErrPermission", err)
		}
	}
	most := int(time.Since(started)/time.Second) + 1
	if _, err := bob.Send(t.Context(), setLimit("", "d2"), askWait); !errors.Is(err, roostv1.ErrPermission) {
		t.Fatalf("got %v, want ErrPermission", err)
	}
	told := 0
	await(t, "word of bob", events, func(e *roostv1.Event) bool {
		if strings.Contains(e.Message, "ben may not") {
			told++
		}
		return strings.Contains(e.Message, "bob may not")
	})
	if told < 1 || told > most {
		t.Errorf("told %d times, want 1 to %d", told, most)
	}
}
