package check_test

import (
	"fmt"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// registers lets two clients read and write what is desired of a device, and read who owns a bus. Each operation takes effect at one
// point between its call and its return.
func (w *world) registers() {
	const key = "desired.rig-1"
	value, revision := "v0", uint64(1)
	stored := w.chance(50) // the hub's stream was followed
	lost, unsure := 0, 0   // writes that never arrived, of which nobody may ever know, and those that did; with too many, nothing can be told
	op := func(point boottime.Instant, r *history.Register) {
		r.Client = fmt.Sprintf("client-%d", 1+w.IntN(2))
		r.Called = point - w.between(0, 80*ms)
		w.note("registers", point+w.between(0, 80*ms), r)
	}
	read := func(at boottime.Instant) {
		op(at, &history.Register{Key: key, Operation: history.RegisterRead, Outcome: history.RegisterDone, Value: value, Revision: revision})
	}
	read(w.quiet)
	op(w.quiet+50*ms, &history.Register{Key: key, Operation: history.RegisterWrite, Outcome: history.RegisterDone, Expect: 1, Value: "v", Revision: 2})
	value, revision = "v", 2
	for i := range 10 + w.IntN(20) {
		at := w.quiet + boottime.Instant(i+1)*100*ms + w.between(0, 50*ms)
		write := &history.Register{Key: key, Operation: history.RegisterWrite, Value: fmt.Sprintf("v%d", i+1), Expect: revision, Outcome: history.RegisterDone}
		switch w.IntN(6) {
		case 5: // it never arrived
			write.Outcome, write.Blind = history.RegisterUnsure, w.chance(30)
			if write.Blind {
				write.Expect = 0
			}
			if lost++; lost <= 3 {
				op(at, write)
			}
		case 0:
			write.Expect--
			write.Outcome = history.RegisterRefused
			op(at, write)
		case 1, 2:
			revision += 1 + w.Uint64N(3)
			value, write.Revision = write.Value, revision
			if stored {
				w.note("stream of registers", at, &history.Register{
					Client: "somebody", Key: key, Operation: history.RegisterWrite, Outcome: history.RegisterDone, Stored: true,
					Expect: write.Expect, Value: value, Revision: revision,
				})
			}
			write.Blind = w.chance(30)
			if write.Outcome = history.RegisterDone; w.chance(10) && unsure < 2 {
				unsure++
				write.Outcome, write.Revision = history.RegisterUnsure, 0
				if write.Blind {
					write.Expect = 0
				}
			}
			op(at, write)
		default:
			read(at)
		}
	}
	for _, d := range w.devices {
		for range 3 {
			at := w.between(w.quiet, w.end)
			o := d.ownerAt(at)
			op(at, &history.Register{
				Key: "own." + d.spec.Bus, Operation: history.RegisterRead, Outcome: history.RegisterDone, Value: o.Name(), Revision: o.epoch,
			})
		}
	}
}
