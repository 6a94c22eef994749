package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// recorders are the files of the history.
type recorders struct {
	folder string
	clock  boottime.Clock
	clocks history.Clocks

	run    *history.Writer // phases, processes, the end state
	faults *history.Writer
	hub    *history.Writer // grants and leases
	asked  *history.Writer // renewals on their way
	sink   *history.Writer
	events *history.Writer // of gateways: not to be trusted
	kept   *history.Writer // what gateways say that they have on their disks
	stream *history.Writer // what is stored in the end
	acks   *history.Writer // of the hub, as proxies see them
	all    []*history.Writer
	// written is told of what clients and the hub say while the run goes on.
	written func(history.Record)
}

func openRecorders(folder string, written func(history.Record)) (*recorders, error) {
	clock, err := boottime.Open()
	if err != nil {
		return nil, err
	}
	r := &recorders{folder: filepath.Join(folder, "history"), clock: clock, written: written}
	r.clocks = history.Clocks{Boot: clock.Now(), Wall: time.Now()}
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		return nil, err
	}
	for _, w := range []struct {
		name string
		to   **history.Writer
	}{
		{"run", &r.run}, {"faults", &r.faults}, {"hub", &r.hub}, {"asked", &r.asked}, {"sink", &r.sink}, {"events", &r.events}, {"kept", &r.kept}, {"stream", &r.stream}, {"acks", &r.acks},
	} {
		if *w.to, err = r.open(history.Header{Name: w.name, Untrusted: w.name == "events"}); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	r.hub.Written = written
	return r, nil
}

// open makes the file of one recorder.
func (r *recorders) open(h history.Header) (*history.Writer, error) {
	w, err := history.Create(filepath.Join(r.folder, h.Name+".ndjson"), h)
	if err == nil {
		r.all = append(r.all, w)
	}
	return w, err
}

// close closes all, and returns the first error that there was in any.
func (r *recorders) close() error {
	var errs error
	for _, w := range r.all {
		errs = errors.Join(errs, w.Close())
	}
	r.all = nil
	if errs != nil {
		return fmt.Errorf("the history is not whole: %w", errs)
	}
	return nil
}
