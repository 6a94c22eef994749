package cluster_test

import (
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
