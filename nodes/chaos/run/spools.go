package run

import (
	"context"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// spools writes down what waits in the spools of the gateways. Of a gateway that does not say, nothing is written: whoever
// judges then knows that nothing is known.
func (r *running) spools(ctx context.Context) error {
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	var all sync.WaitGroup
	for _, n := range r.fleet.Gateways() {
		all.Go(func() {
			waiting, known := emptied(ctx, func(ctx context.Context) (*roostv1.GatewayStatus, error) {
				var answer roostv1.StatusResponse
				err := r.ask(ctx, names.GatewayStatus(n.Name), &roostv1.StatusRequest{Limit: 1}, &answer)
				return answer.Gateway, err
			})
			if known {
				_ = r.recorders.run.Write(&history.Backlog{Holder: n.Name, Waiting: waiting}) // found out when it is closed
			}
		})
	}
	all.Wait()
	return nil
}

// spoolComplaint is why a spool does not take readings, where nothing is broken any more.
func spoolComplaint(s *roostv1.SpoolStatus) []string {
	if state := s.GetState(); state == roostv1.SpoolState_SPOOL_STATE_FULL || state == roostv1.SpoolState_SPOOL_STATE_FAILING {
		return []string{"its spool takes no readings: " + s.GetError()}
	}
	return nil
}

// emptied asks a gateway until nothing waits in its spool, or ctx ends, and returns how much its last word was; known is
// false if it said none. Devices are read all the time, so a spool is empty if it is for a moment.
func emptied(ctx context.Context, ask func(context.Context) (*roostv1.GatewayStatus, error)) (waiting uint64, known bool) {
	for {
		if status, err := ask(ctx); err == nil && status != nil {
			waiting, known = status.GetSpool().GetWaiting(), true
			if waiting == 0 {
				return 0, true
			}
		}
		if !pause(ctx, 50*time.Millisecond) {
			return waiting, known
		}
	}
}
