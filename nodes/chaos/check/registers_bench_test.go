package check_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// busy is a register that eight clients read and write ten thousand times, several at any moment.
func busy() *story {
	s := new(story).at(0, plan(history.Limits{}, true))
	dice := rand.New(rand.NewPCG(1, 2))
	value, revision := "v", uint64(1)
	for i := range 10_000 {
		point := 10 * (i + 1)
		r := &history.Register{
			Client: fmt.Sprintf("c%d", i%8), Key: "k", Operation: history.RegisterRead, Outcome: history.RegisterDone,
			Called: boottime.Instant(point-dice.IntN(25)) * ms,
		}
		if dice.IntN(3) == 0 {
			r.Operation, r.Expect = history.RegisterWrite, revision
			value, revision = fmt.Sprintf("v%d", i), revision+1
		}
		r.Value, r.Revision = value, revision
		s.at(point+dice.IntN(25), r)
	}
	return s
}

func BenchmarkRegister(b *testing.B) {
	h := history.New(busy().records)
	for b.Loop() {
		if r := check.Linearizable(h); r.Verdict != check.Held {
			b.Fatal(report([]check.Result{r}))
		}
	}
}

// BenchmarkCulprit finds the one operation that does not fit.
func BenchmarkCulprit(b *testing.B) {
	s := busy()
	wrong := s.records[7000].(*history.Register)
	wrong.Operation, wrong.Value, wrong.Revision = history.RegisterRead, "never", 1_000_000
	h := history.New(s.records)
	for b.Loop() {
		if r := check.Linearizable(h); r.Verdict != check.Violated {
			b.Fatal(report([]check.Result{r}))
		}
	}
}
