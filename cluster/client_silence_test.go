package cluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSilentGateway: a gateway took a command, wrote it down, and died: who sent it hears of the record all
// the same, and within a second after the wait.
func TestSilentGateway(t *testing.T) {
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, 1), newClerk(t, hub)
	command := &roostv1.Command{Id: "c1", DeviceId: "p00", Name: "set"}
	write := func(name string) {
		record := &roostv1.CommandRecord{
			CommandId: "c1", DeviceId: "p00", State: roostv1.CommandState_COMMAND_STATE_ACCEPTED,
			Command: &roostv1.Command{Id: "c1", DeviceId: "p00", Name: name},
		}
		put(t, clerk.nc, "roost.test.cmd.p00.c1", encode(t, record))
	}
	send := func() (*roostv1.CommandRecord, error) {
		began := time.Now()
		record, err := client.Send(t.Context(), command, 10*time.Millisecond)
		if took := time.Since(began); took > time.Second+10*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		return record, err
	}
	if record, err := send(); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Errorf("not on record: got %v, %v", record, err)
	}
	write("set")
	if record, err := send(); err != nil || record.State != roostv1.CommandState_COMMAND_STATE_ACCEPTED || record.AcceptedAt == nil {
		t.Errorf("on record: got %v, %v", record, err)
	}
	write("dose")
	if record, err := send(); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Errorf("with another body: got %v, %v", record, err)
	}
}

// TestAskedAgain: who got the question first says nothing; the next one answers, and his record counts. That the
// next one refuses says nothing of what the first may have done.
func TestAskedAgain(t *testing.T) {
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, 1), newClerk(t, hub)
	for id, want := range map[string]error{"answered": nil, "refused": roostv1.ErrOutcomeUnknown} {
		runs(t, func(context.Context) error {
			first, second := clerk.next(t), clerk.next(t)
			if first.command.Id != id || second.command.Id != id {
				t.Errorf("asked for %s and %s, want %s twice", first.command.Id, second.command.Id, id)
			}
			if want == nil {
				clerk.carryOut(t, second)
			} else {
				clerk.answer(t, second, &roostv1.SendResponse{Status: roostv1.Errorf(roostv1.ErrBusy, "too many")})
			}
			return nil
		})
		record, err := client.Send(t.Context(), &roostv1.Command{Id: id, DeviceId: "p00", Name: "set"}, 2*time.Second)
		if want == nil && (err != nil || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED) || !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v, want %v", id, record, err, want)
		}
	}
}

// TestTurnedAway: a gateway that can do nothing at present, as one that was stopped and has no lease when it goes
// on, is not the last word: another one is asked. Where all say so, that is what the sender is told.
func TestTurnedAway(t *testing.T) {
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, 1), newClerk(t, hub)
	away := &roostv1.SendResponse{Status: roostv1.Errorf(roostv1.ErrUnavailable, "gateway g9 has no lease at present")}
	runs(t, func(context.Context) error {
		clerk.answer(t, clerk.next(t), away)
		clerk.carryOut(t, clerk.next(t))
		return nil
	})
	record, err := client.Send(t.Context(), &roostv1.Command{Id: "elsewhere", DeviceId: "p00", Name: "set"}, 2*time.Second)
	if err != nil || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.Errorf("turned away by the first: got %v, %v", record, err)
	}
	runs(t, func(ctx context.Context) error {
		for {
			select {
			case p := <-clerk.got:
				clerk.answer(t, p, away)
			case <-ctx.Done():
				return nil
			}
		}
	})
	record, err = client.Send(t.Context(), &roostv1.Command{Id: "nowhere", DeviceId: "p00", Name: "set"}, 300*time.Millisecond)
	if record != nil || !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("turned away by all: got %v, %v, want ErrUnavailable", record, err)
	}
}
