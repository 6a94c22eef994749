package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Orders are carried out and written down, and what is none is told, without an end to the others.
func TestObey(t *testing.T) {
	log := t.TempDir() + "/truth.log"
	hardware, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: log, Devices: sim.Series(2, sim.Device{ID: "rig"})})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- hardware.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	var complaints []error
	hardware.Obey(strings.NewReader(`behave rig-1 {"before":1000000,"loseAck":0.5}
explode rig-1 {}
behave rig-9 {"decline":1}
behave rig-1 {"decline":2}
behave rig-1 {"colour":"red"}
behave rig-1
behave rig-2 {"after":2000000}
`), func(err error) { complaints = append(complaints, err) })
	for i, want := range []error{sim.ErrNotOrder, roostv1.ErrNotFound, roostv1.ErrInvalid, sim.ErrNotOrder, sim.ErrNotOrder} {
		if i >= len(complaints) || !errors.Is(complaints[i], want) {
			t.Fatalf("complaints %v, want %d to be %v", complaints, i, want)
		}
	}
	records, err := sim.Load(log)
	if err != nil && !errors.Is(err, sim.ErrTorn) {
		t.Fatal(err)
	}
	var got []sim.Behaviour
	for _, r := range records {
		if r.Kind == sim.KindBehave {
			got = append(got, *r.Behaviour)
		}
	}
	want := []sim.Behaviour{{Before: time.Millisecond, LoseAck: 0.5}, {After: 2 * time.Millisecond}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] || len(complaints) != 5 {
		t.Errorf("behaviours %+v, want %+v; complaints %v", got, want, complaints)
	}
}
