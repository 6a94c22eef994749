package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/sim"
)

// alarm tells of violations at once, as far as they can be known while the run goes on.
type alarm struct {
	tell func(check.Violation)

	mu    sync.Mutex
	watch *check.Watch
}

func newAlarm(p *plan.Plan, tell func(check.Violation)) *alarm {
	var devices []history.DeviceSpec
	for i := range p.Settings.Devices {
		devices = append(devices, history.DeviceSpec{ID: p.Settings.Device(i + 1)})
	}
	return &alarm{tell: tell, watch: check.NewWatch(devices, history.Limits{})}
}

// take takes in what a recorder has written down.
func (a *alarm) take(r history.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.watch.Take(r) {
		a.tell(v)
	}
}

func (a *alarm) violations() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watch.Violations()
}

// follow reads the hardware's log while it is written, until ctx ends.
func (a *alarm) follow(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("follow the hardware's log: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	var truth history.Truth
	for r, err := range sim.Records(&growing{ctx, file}) {
		if err != nil {
			if ctx.Err() != nil {
				return nil // in the middle of a line
			}
			return fmt.Errorf("follow the hardware's log: %w", err)
		}
		if record, ok := truth.Record(r).(*history.Action); ok {
			record.Recorder, record.Number = history.TruthName, r.Seq
			a.take(record)
		}
	}
	return nil
}

// growing reads a file that grows, until ctx ends.
type growing struct {
	ctx  context.Context
	file io.Reader
}

// Read waits for more at the end of the file.
func (g *growing) Read(p []byte) (int, error) {
	for {
		n, err := g.file.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		if !pause(g.ctx, 100*time.Millisecond) {
			return 0, io.EOF
		}
	}
}
