package opcua_test

import (
	"errors"
	"testing"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/opcua"
)

// TestProbeOnlyReads: who looks for what a server has cannot change it.
func TestProbeOnlyReads(t *testing.T) {
	for _, r := range []ua.Request{&ua.WriteRequest{}, &ua.CallRequest{}, &ua.AddNodesRequest{}, &ua.DeleteNodesRequest{}, &ua.HistoryUpdateRequest{}, &ua.RegisterNodesRequest{}} {
		if _, err := new(opcua.Probe).Do(t.Context(), r); !errors.Is(err, actors.ErrNotSent) {
			t.Errorf("%T: %v, want ErrNotSent", r, err)
		}
	}
}
