package check_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// BenchmarkMillion judges a history of a million records.
func BenchmarkMillion(b *testing.B) {
	w := newWorldOf(rand.New(rand.NewPCG(1, 2)), flawless, 300, 30_000, 4*time.Minute)
	h := history.New(w.records)
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			history.New(w.records)
		}
		b.ReportMetric(float64(len(w.records)), "records")
	})
	for _, c := range check.Checkers() {
		b.Run(c.ID, func(b *testing.B) {
			for b.Loop() {
				if r := c.Check(h); r.Verdict != check.Held {
					b.Fatal(report([]check.Result{r}))
				}
			}
		})
	}
}
