package lease_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/lease"
)

// steadyPlan is a plan for three gateways to which nothing happens but what is added.
func steadyPlan(seed uint64, rates [3]float64) plan {
	p := plan{Seed: seed, Buses: []string{"own.0", "own.1", "own.2"}, Healed: 1 << 62, End: 1 << 62}
	for i, rate := range rates {
		p.Hosts = append(p.Hosts, hostPlan{Name: string(rune('a' + i)), Clean: true, Rate: rate, Link: cleanLink})
	}
	return p
}

// TestOutage stops the hub, for a moment or for long. Nobody is evicted, nobody loses anything, every bus stays
// where it was, and all gateways act again soon after.
func TestOutage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := steadyPlan(rapid.Uint64().Draw(t, "seed"), [3]float64{drawRate(t), drawRate(t), drawRate(t)})
		p.Slow = rapid.Bool().Draw(t, "slow")
		away := time.Duration(rapid.IntRange(1, 4096).Draw(t, "away")) * 50 * time.Millisecond
		election := rapid.Bool().Draw(t, "election")

		w := newWorld(p, rules{})
		begin := 5*time.Second + w.between(0, lease.DefaultLease)
		w.at(begin, func() { w.hub.goAway(election) })
		w.at(begin+away, w.hub.comeBack)
		w.playUntil(t, begin)
		before := epochs(w)
		w.playUntil(t, begin+away+resumption)

		if got := epochs(w); !slices.Equal(got, before) {
			t.Errorf("epochs %v became %v", before, got)
		}
		if w.tally.Evictions+w.tally.Losses > 0 {
			t.Errorf("%+v", w.tally)
		}
		for _, h := range w.hosts {
			if !p.Slow && !h.process.mayAct(h.process.clockNow()) {
				t.Errorf("%s is suspended", h.process.incarnation)
			}
		}
	})
}

// playUntil lets the world go on until a true time.
func (w *world) playUntil(t interface{ Fatalf(string, ...any) }, end time.Duration) {
	w.plan.End = end
	if v := w.run(); v != nil {
		t.Fatalf("%v", v)
	}
}

func epochs(w *world) (all []uint64) {
	for _, bus := range w.plan.Buses {
		all = append(all, w.hub.sequence(bus))
	}
	return all
}

// TestFailover takes a gateway away at some moment of its lease and measures for how long its bus is not
// served, by true time, with ordinary clocks and a network of up to 25 ms each way.
func TestFailover(t *testing.T) {
	for _, test := range []struct {
		how   string
		limit time.Duration
		away  func(h *host)
	}{
		{"killed", lease.DefaultLease + time.Second, func(h *host) { h.kill() }},
		{"stopped", lease.DefaultLease + time.Second, func(h *host) { h.pause(false) }},
		{"cut off", lease.DefaultLease + time.Second, func(h *host) { h.cutOff() }},
		{"asked to leave", 300 * time.Millisecond, func(h *host) { h.process.leave() }},
	} {
		t.Run(test.how, func(t *testing.T) {
			var gaps []time.Duration
			for seed := range uint64(300) {
				gaps = append(gaps, failover(t, seed, test.away))
			}
			slices.Sort(gaps)
			t.Logf("not served for: p50 %v, p99 %v, longest %v", gaps[150], gaps[297], gaps[299])
			if longest := gaps[299]; longest > test.limit {
				t.Errorf("a bus was not served for %v, want at most %v", longest, test.limit)
			}
		})
	}
}

func failover(t *testing.T, seed uint64, away func(*host)) time.Duration {
	w := newWorld(steadyPlan(seed, [3]float64{1, 1 + 100e-6, 1 - 100e-6}), rules{law: exclusive})
	begin := 5*time.Second + w.between(0, lease.DefaultLease)
	w.playUntil(t, begin)
	i := slices.IndexFunc(w.hosts, func(h *host) bool { return h.process.valid("own.0") })
	if i < 0 {
		t.Fatal("nobody serves the bus")
	}
	away(w.hosts[i])
	for end := begin; end < begin+10*time.Second; end += time.Millisecond {
		w.playUntil(t, end)
		if slices.ContainsFunc(w.hosts, func(h *host) bool { return h != w.hosts[i] && h.process.valid("own.0") }) {
			return end - begin
		}
	}
	t.Fatalf("seed %d: not served again", seed)
	return 0
}
