package main_test

import (
	"testing"
	"time"

	roost "github.com/roost-iot/roost/nodes/roost"
)

func TestRestartDelay(t *testing.T) {
	for quick, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := roost.RestartDelay(quick); got != want*time.Second {
			t.Errorf("after %d: got %v, want %v", quick, got, want*time.Second)
		}
	}
	if got := roost.RestartDelay(1 << 30); got != 30*time.Second {
		t.Errorf("after many: got %v", got)
	}
}
