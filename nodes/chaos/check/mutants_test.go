package check_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// mutant breaks a legal history in one way. It returns what the violation must name, or for unknown a word of the
// reason; ok is false if the history has nothing to break in this way.
type mutant struct {
	name    string
	checker string
	clause  string // "": it must be unknown
	breaks  func(*world) (subject string, ok bool)
	flaw    flaw     // of the world itself
	doubts  []string // other checkers that cannot tell any more
	also    string   // another checker that accuses, too
}

var mutants = []mutant{
	{name: "drop a delivered reading", checker: "C1", clause: "C1", breaks: dropDelivered, doubts: []string{"C10"}},
	{name: "drop the last one, not drained", checker: "C1", breaks: dropLast, doubts: []string{"C10"}},
	{name: "drop an acknowledged reading from the stream", checker: "C1", clause: "C1", breaks: dropStored},
	{name: "drop the last one of an epoch, which its gateway kept", checker: "C1", clause: "C1", breaks: dropKept},
	{name: "drop a declaration of a loss", checker: "C1", clause: "C1", breaks: undeclare},
	{name: "change a value", checker: "C1", clause: "C1", breaks: corrupt},
	{name: "make a reading up", checker: "C1", clause: "C1", breaks: phantom},
	{name: "deliver twice", checker: "C2", clause: "C2", breaks: deliverTwice},
	{name: "swap neighbours", checker: "C3", clause: "C3", breaks: swapNeighbours},
	{name: "live behind the next owner", checker: "C3", clause: "C3", breaks: behindTheNextOwner},
	{name: "swap backfilled neighbours", checker: "C3", clause: "C3", breaks: swapBackfilled},
	{name: "act again under a newer epoch", checker: "C4", clause: "C4", breaks: actAgain},
	{name: "act after FAILED", checker: "C4", clause: "C4'", breaks: actAfter(history.Failed)},
	{name: "act after CANCELLED", checker: "C4", clause: "C4'", breaks: actAfter(history.Rejected, history.Cancelled, history.Superseded)},
	{name: "never end", checker: "C5", clause: "C5", breaks: neverEnd},
	{name: "act after the deadline", checker: "C5", clause: "C5b", breaks: actLate},
	{name: "two owners of an epoch", checker: "C6", clause: "C6a", breaks: twoOwners},
	{name: "miss a grant", checker: "C6", breaks: missGrant, doubts: []string{"C7", "C9", "C12"}},
	{name: "act under an old epoch", checker: "C6", clause: "C6b", breaks: oldEpoch},
	{name: "act as somebody else", checker: "C6", clause: "C6b", breaks: somebodyElse},
	{name: "act as another run of the owner", checker: "C6", clause: "C6b", breaks: anotherRun},
	{name: "act after the next grant", checker: "C6", clause: "C6c", breaks: afterNextGrant},
	{name: "act without a lease", checker: "C6", clause: "C6e", breaks: withoutLease},
	{name: "read an exclusive device without a lease", checker: "C6", clause: "C6e", breaks: readsOn, flaw: keepsReading},
	{name: "name an owner whatever was there", checker: "C6", clause: "C6a", breaks: blindOwner, doubts: []string{"C7", "C9", "C12"}},
	{name: "write a lease whatever was there", checker: "C6", clause: "C6a", breaks: blindLease},
	{name: "renew a lease that has ended", checker: "C6", clause: "C6a", breaks: renewEnded},
	{name: "evict too early", checker: "C6", clause: "C6f", breaks: evictEarly},
	{name: "take a bus from the living", checker: "C6", clause: "C6f", breaks: takeFromLiving},
	{name: "take over far too late", checker: "C7", clause: "C7", breaks: tookTooLong, flaw: slowTakeover},
	{name: "hand over slowly", checker: "C7", clause: "C7", breaks: slowHandOver, flaw: slowHandOvers},
	{name: "take over for nothing", checker: "C7", clause: "C7b", breaks: needlessly, also: "C6"},
	{name: "SUCCEEDED without an action", checker: "C8", clause: "C8", breaks: neverDone},
	{name: "SUCCEEDED with another value", checker: "C8", clause: "C8", breaks: otherValue},
	{name: "FAILED and done", checker: "C8", clause: "C8", breaks: failedAndDone},
	{name: "INDETERMINATE for nothing", checker: "C8", clause: "C8b", breaks: uselessly, doubts: []string{"C5", "C9"}},
	{name: "a query is told what was never measured", checker: "C8", clause: "C8", breaks: madeUp},
	{name: "EXPIRED though it was dispatched", checker: "C8", clause: "C8", breaks: dispatchedAndUnsent},
	{name: "not accepted for nothing", checker: "C8", breaks: unheard, doubts: []string{"C9"}},
	{name: "a durable command ends in doubt", checker: "C5", breaks: doubtful, doubts: []string{"C9"}},
	{name: "a final state changes", checker: "C8", clause: "C8", breaks: unstable},
	{name: "EXPIRED too early", checker: "C8", clause: "C8", breaks: expiredEarly},
	{name: "a fault is not confirmed", checker: "C9", breaks: unconfirmed},
	{name: "nothing succeeds while all is quiet", checker: "C9", breaks: nothingQuiet},
	{name: "two owners at the end", checker: "C10", clause: "C10", breaks: twoAtEnd},
	{name: "two readers at the end", checker: "C10", clause: "C10", breaks: twoReaders},
	{name: "two runs read at the end", checker: "C10", clause: "C10", breaks: anotherReader},
	{name: "a spool is not empty", checker: "C10", clause: "C10", breaks: notEmpty},
	{name: "goroutines leak", checker: "C10", clause: "C10", breaks: leak},
	{name: "a restart is missing", checker: "C11", clause: "C11", breaks: noRestart},
	{name: "restarts without end", checker: "C11", clause: "C11", breaks: spinning},
	{name: "a stale write is done", checker: "C12", clause: "C12", breaks: staleWrite},
	{name: "a stale owner is read", checker: "C12", clause: "C12", breaks: staleRead},
	{name: "a write is stored over one that was replaced", checker: "C12", clause: "C12", breaks: forked},
	{name: "a lease is renewed over what replaced it", checker: "C12", clause: "C12", breaks: staleRenewal, doubts: []string{"C6"}},
}

// TestMutants: each checker can fail, names what is wrong, and no other one accuses anything.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			tried := 0
			rapid.Check(t, func(t *rapid.T) {
				if tried == enough(t) {
					return
				}
				w, subject, ok := m.broken(rapid.Uint64().Draw(t, "seed"))
				if !ok {
					return
				}
				tried++
				for _, r := range check.All(history.New(w.records)) {
					if flaw := m.judge(r, subject); flaw != "" {
						t.Fatalf("%s (of %s): %s", flaw, subject, report([]check.Result{r}))
					}
				}
			})
			if tried == 0 {
				t.Error("no history had anything to break")
			}
		})
	}
}

// patience is of how many worlds one is sought that has something to break: what a mutant needs may come together in one of a
// hundred only.
const patience = 100

// broken draws worlds until one can be broken.
func (m *mutant) broken(seed uint64) (w *world, subject string, ok bool) {
	for i := uint64(1); i <= patience && !ok; i++ {
		w = newWorld(rand.New(rand.NewPCG(seed, i)), m.flaw)
		history.New(w.records)
		subject, ok = m.breaks(w)
	}
	return w, subject, ok
}

// enough is how many histories one mutant breaks: a twelfth of how many others are tried, since there are so many mutants.
func enough(t *rapid.T) int {
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	return max(checks/12, 1)
}

// judge says what is wrong with a result; "" if nothing is.
func (m mutant) judge(r check.Result, subject string) string {
	named := slices.ContainsFunc(r.Violations, func(v check.Violation) bool { return v.Clause == m.clause && v.Subject == subject })
	switch {
	case r.ID == m.also:
		return ""
	case r.ID != m.checker && r.Verdict == check.Violated:
		return "another checker accuses"
	case r.ID != m.checker && r.Verdict == check.Unknown && !slices.Contains(m.doubts, r.ID):
		return "another checker is in doubt"
	case r.ID != m.checker:
		return ""
	case m.clause == "" && (r.Verdict != check.Unknown || !strings.Contains(r.Reason, subject)):
		return "it is not unknown for that reason"
	case m.clause == "":
		return ""
	case r.Verdict != check.Violated:
		return "nobody accuses"
	case !named:
		return "it names something else"
	case len(r.Violations[0].Around) == 0 || len(r.Violations[0].Around) > check.MaxAround:
		return "it shows no records, or too many"
	default:
		return ""
	}
}

// of returns the records of a type, in the order of their times.
func of[T history.Record](w *world) []T {
	var all []T
	for _, r := range w.records {
		if r, ok := r.(T); ok {
			all = append(all, r)
		}
	}
	return all
}

// one draws one of those that fit.
func one[T any](w *world, all []T, fits func(T) bool) (T, bool) {
	var some []T
	for _, x := range all {
		if fits(x) {
			some = append(some, x)
		}
	}
	if len(some) == 0 {
		var none T
		return none, false
	}
	return some[w.IntN(len(some))], true
}

func (w *world) drop(gone func(history.Record) bool) { w.records = slices.DeleteFunc(w.records, gone) }

func (w *world) final(command string, states ...history.State) *history.Answer {
	for _, a := range of[*history.Answer](w) {
		if a.Command == command && a.State.Final() && (len(states) == 0 || slices.Contains(states, a.State)) {
			return a
		}
	}
	return nil
}

func (w *world) callOf(command string) *history.Call {
	c, _ := one(w, of[*history.Call](w), func(c *history.Call) bool { return c.Command == command })
	return c
}

// ended returns a command that ended in one of the states.
func (w *world) ended(states ...history.State) (*history.Call, *history.Answer, bool) {
	c, ok := one(w, of[*history.Call](w), func(c *history.Call) bool {
		return c.Class != history.Query && w.final(c.Command, states...) != nil
	})
	if !ok {
		return nil, nil, false
	}
	return c, w.final(c.Command), true
}

func (w *world) deviceOf(id string) *device {
	i := slices.IndexFunc(w.devices, func(d *device) bool { return d.spec.ID == id })
	return w.devices[i]
}

// calm reports whether no fault is anywhere near.
func (w *world) calm(a, b boottime.Instant) bool {
	return !slices.ContainsFunc(w.faults, func(f *fault) bool {
		return f.asked <= b.Add(failover) && a <= f.healed.Add(failover)
	})
}
