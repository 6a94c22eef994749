package sim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/sim"
)

const second = boottime.Instant(time.Second)

// history makes the records of a test, one a millisecond.
type history []sim.Record

func (h *history) add(r sim.Record) {
	r.Seq = uint64(len(*h) + 1)
	r.At = boottime.Instant(len(*h)) * boottime.Instant(time.Millisecond)
	*h = append(*h, r)
}

func acted(device, gateway string, epoch uint64, command, resource string) sim.Record {
	return sim.Record{
		Kind: sim.KindAction, Result: sim.Done, Device: device, Gateway: gateway, Incarnation: "1",
		Epoch: epoch, Command: command, Resource: resource,
	}
}

func read(device, gateway string, at boottime.Instant) sim.Record {
	return sim.Record{Kind: sim.KindRead, Result: sim.Done, Device: device, Gateway: gateway, Incarnation: "1", At: at}
}

// legal returns what devices under gateways that keep their promises write down: each device has one
// owner after the other, with growing epochs, that polls it and commands it; ABSOLUTE writes are
// sometimes sent again; owners that were replaced are refused; two runs of the hardware.
func legal(dice *rand.Rand) history {
	type owned struct {
		gateway string
		epoch   uint64
	}
	h, owners := history{}, make(map[string]owned)
	epoch, commands := uint64(100), 0
	h.add(sim.Record{Kind: sim.KindStart, Version: sim.LogVersion})
	for range 300 {
		device := fmt.Sprintf("d%d", dice.IntN(5))
		o := owners[device]
		if o.epoch == 0 || dice.IntN(10) == 0 {
			epoch += 1 + dice.Uint64N(3)
			o = owned{fmt.Sprintf("gw-%d", dice.IntN(3)), epoch}
			owners[device] = o
		}
		commands++
		id := fmt.Sprintf("c-%d", commands)
		switch dice.IntN(7) {
		case 0:
			h.add(acted(device, o.gateway, o.epoch, id, wire.ResourceDose))
		case 1:
			h.add(acted(device, o.gateway, o.epoch, id, wire.ResourcePulse))
		case 2:
			for range 1 + dice.IntN(2) {
				h.add(acted(device, o.gateway, o.epoch, id, wire.ResourceSetpoint))
			}
		case 3:
			r := acted(device, "gw-9", o.epoch-1, fmt.Sprintf("c-%d", 1+dice.IntN(commands)), wire.ResourceDose)
			r.Result, r.Code = sim.Refused, wire.CodeStaleEpoch
			h.add(r)
		case 4:
			h.add(sim.Record{Kind: sim.KindOpen, Result: sim.Done, Device: device, Gateway: "gw-9"})
		default:
			h.add(read(device, o.gateway, 0))
		}
	}
	h.add(sim.Record{Kind: sim.KindStop})
	return h
}

// done returns the places of actions that were done and are such.
func (h history) done(such func(sim.Record) bool) []int {
	var places []int
	for i, r := range h {
		if r.Kind == sim.KindAction && r.Result == sim.Done && such(r) {
			places = append(places, i)
		}
	}
	return places
}

// Each of many legal histories is accused of nothing. Each is then made illegal in one way, and the
// judge of that way, and no other, finds it and names it.
func TestJudges(t *testing.T) {
	const seeds = 200
	any := func(sim.Record) bool { return true }
	once := func(r sim.Record) bool { return r.Resource != wire.ResourceSetpoint }
	breaks := func(t *testing.T, h history, command string) {
		t.Helper()
		if !slices.ContainsFunc(sim.OneDriver(h), func(b sim.Breach) bool { return b.Action.Command == command }) {
			t.Errorf("the breach by %s was not found", command)
		}
		if got := sim.Repeats(h); len(got) > 0 {
			t.Errorf("nothing was repeated, but found were %v", got)
		}
	}
	mutants := map[string]func(*testing.T, *rand.Rand, history){
		"an owner that was replaced acts": func(t *testing.T, dice *rand.Rand, h history) {
			r := h[pick(dice, h.done(any))]
			r.Command, r.Resource, r.Epoch = "mutant", wire.ResourceDose, r.Epoch-1
			breaks(t, append(h, r), "mutant")
		},
		"an owner acts without its epoch": func(t *testing.T, dice *rand.Rand, h history) {
			r := h[pick(dice, h.done(any))]
			r.Command, r.Resource, r.Epoch = "mutant", wire.ResourceDose, 0
			breaks(t, append(h, r), "mutant")
		},
		"an action comes too late": func(t *testing.T, dice *rand.Rand, h history) {
			places := h.done(func(r sim.Record) bool {
				return once(r) && slices.ContainsFunc(h, func(o sim.Record) bool {
					return o.Kind == sim.KindAction && o.Result == sim.Done && o.Device == r.Device && o.Epoch > r.Epoch
				})
			})
			at := pick(dice, places)
			late := h[at]
			breaks(t, append(slices.Delete(h, at, at+1), late), late.Command)
		},
		"two gateways act under one epoch": func(t *testing.T, dice *rand.Rand, h history) {
			at := pick(dice, h.done(any))
			r := h[at]
			r.Command, r.Resource, r.Gateway = "mutant", wire.ResourceDose, "gw-9"
			breaks(t, slices.Insert(h, at+1, r), "mutant")
		},
		"two runs of a gateway act under one epoch": func(t *testing.T, dice *rand.Rand, h history) {
			at := pick(dice, h.done(any))
			r := h[at]
			r.Command, r.Resource, r.Incarnation = "mutant", wire.ResourceDose, "2"
			breaks(t, slices.Insert(h, at+1, r), "mutant")
		},
		"a command is done again": func(t *testing.T, dice *rand.Rand, h history) {
			at := pick(dice, h.done(once))
			h = slices.Insert(h, at+1, h[at])
			got := sim.Repeats(h)
			want := sim.Deed{Device: h[at].Device, Command: h[at].Command, Resource: h[at].Resource}
			if len(got) != 1 || len(got[want]) != 2 {
				t.Errorf("found were %v, want %v twice", got, want)
			}
			if got := sim.OneDriver(h); len(got) > 0 {
				t.Errorf("nobody else drove, but found were %+v", got)
			}
		},
	}
	for name, mutate := range mutants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				dice := rand.New(rand.NewPCG(seed, 0))
				h := legal(dice)
				if breaches, repeats := sim.OneDriver(h), sim.Repeats(h); len(breaches)+len(repeats) > 0 {
					t.Fatalf("seed %d: a legal history is accused of %+v and %v", seed, breaches, repeats)
				}
				if mutate(t, dice, h); t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func pick(dice *rand.Rand, places []int) int { return places[dice.IntN(len(places))] }

func TestOneDriverTellsBothSides(t *testing.T) {
	h := history{}
	h.add(acted("d1", "gw-1", 5, "c-1", wire.ResourceDose))
	h.add(acted("d1", "gw-2", 8, "c-2", wire.ResourceDose))
	h.add(acted("d2", "gw-1", 5, "c-3", wire.ResourceDose)) // another device: not a breach
	h.add(acted("d1", "gw-1", 5, "c-4", wire.ResourceDose))
	h.add(acted("d1", "gw-2", 8, "c-5", wire.ResourceDose)) // still the owner
	h.add(acted("d1", "gw-1", 5, "c-6", wire.ResourceDose))
	got := sim.OneDriver(h)
	if len(got) != 2 {
		t.Fatalf("got %+v, want two breaches", got)
	}
	for i, want := range [][2]string{{"c-4", "c-2"}, {"c-6", "c-5"}} {
		if b := got[i]; b.Action.Command != want[0] || b.After.Command != want[1] {
			t.Errorf("breach %d: %s after %s, want %s after %s", i, b.Action.Command, b.After.Command, want[0], want[1])
		}
	}
	if got, want := got[0].Reason, "d1 was driven by gw-1 under epoch 5, after epoch 8 of gw-2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDeeds(t *testing.T) {
	refused := acted("d1", "gw-1", 1, "c-1", wire.ResourceDose)
	refused.Result = sim.Refused
	h := history{
		acted("d1", "gw-1", 1, "c-1", wire.ResourceDose), refused,
		acted("d2", "gw-1", 1, "c-1", wire.ResourceDose),     // of another device
		acted("d1", "gw-1", 1, "c-1", wire.ResourcePulse),    // another step
		acted("d1", "gw-1", 1, "c-2", wire.ResourceSetpoint), // ABSOLUTE
		acted("d1", "gw-1", 1, "c-2", wire.ResourceSetpoint),
		acted("d1", "gw-1", 1, "", wire.ResourceDose), // of no command
		acted("d1", "gw-1", 1, "", wire.ResourceDose),
	}
	want := map[sim.Deed]int{
		{Device: "d1", Command: "c-1", Resource: wire.ResourceDose}:     1,
		{Device: "d2", Command: "c-1", Resource: wire.ResourceDose}:     1,
		{Device: "d1", Command: "c-1", Resource: wire.ResourcePulse}:    1,
		{Device: "d1", Command: "c-2", Resource: wire.ResourceSetpoint}: 2,
	}
	got := sim.Deeds(h)
	for d, n := range want {
		if len(got[d]) != n {
			t.Errorf("%v was done %d times, want %d", d, len(got[d]), n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d deeds, want %d", len(got), len(want))
	}
	if repeats := sim.Repeats(h); len(repeats) > 0 {
		t.Errorf("nothing was repeated, but found were %v", repeats)
	}
}

func TestPollGaps(t *testing.T) {
	refused := read("d1", "gw-9", 11*second)
	refused.Result = sim.Refused
	again := read("d2", "gw-1", 40*second)
	again.Incarnation = "2"
	tests := []struct {
		name    string
		records []sim.Record
		want    []time.Duration
	}{
		{"nothing", nil, nil},
		{"one owner, however slow", []sim.Record{read("d1", "gw-1", second), read("d1", "gw-1", 50*second)}, nil},
		{"taken over", []sim.Record{
			read("d1", "gw-1", second), read("d1", "gw-1", 10*second), refused, acted("d1", "gw-2", 2, "c", "dose"),
			read("d1", "gw-2", 12*second), read("d1", "gw-2", 20*second),
		}, []time.Duration{2 * time.Second}},
		{"each device for itself", []sim.Record{
			read("d1", "gw-1", second), read("d2", "gw-1", 2*second), read("d2", "gw-2", 5*second), read("d1", "gw-2", 6*second),
		}, []time.Duration{3 * time.Second, 5 * time.Second}},
		{"there and back", []sim.Record{
			read("d1", "gw-1", second), read("d1", "gw-2", 2*second), read("d1", "gw-1", 4*second),
		}, []time.Duration{time.Second, 2 * time.Second}},
		{"started again", []sim.Record{read("d2", "gw-1", 37*second), again}, []time.Duration{3 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []time.Duration
			for _, g := range sim.PollGaps(tt.records) {
				if g.Last.Device != g.Device || g.First.Device != g.Device {
					t.Errorf("gap of %s is between reads of %s and %s", g.Device, g.Last.Device, g.First.Device)
				}
				got = append(got, g.Duration())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
