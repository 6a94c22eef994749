package run

import (
	"context"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

const (
	// pulse is how often the harness looks whether it is given its time, and lateAt from which lateness on it writes it down.
	pulse  = 20 * time.Millisecond
	lateAt = 20 * time.Millisecond
)

// feelPulse writes down when this process did not get its turn, until ctx ends. What kept it waiting keeps others waiting
// too: a time that was measured meanwhile says little of the product.
func (r *running) feelPulse(ctx context.Context) error {
	ticker := time.NewTicker(pulse)
	defer ticker.Stop()
	for due := r.recorders.clock.Now().Add(pulse); ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		now := r.recorders.clock.Now()
		if late := now.Sub(due); late >= lateAt {
			if err := r.recorders.run.Write(&history.Health{Node: history.Harness, Answers: true, Late: late}); err != nil {
				return err
			}
		}
		due = now.Add(pulse)
	}
}
