package control_test

import (
	"testing"

	"github.com/roost-iot/roost/nodes/control"
)

// BenchmarkTap has batches noted that nobody follows, as every batch of a gateway is.
func BenchmarkTap(b *testing.B) {
	tap, batch := control.NewTap(), flow("pump-0000", 1, make([]float64, 10)...)
	b.ReportAllocs()
	for b.Loop() {
		tap.Note(batch)
	}
}
