package check

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

const (
	// registerTime is how long one register may be thought about, and mostUnsure how many writes whose outcome nobody knows
	// it may have: with more, thinking never ends.
	registerTime = 30 * time.Second
	mostUnsure   = 6
	// OwnerRegister is what the name of the register of a bus's owner begins with.
	OwnerRegister = "own."
)

// Linearizable is C12: values that are changed by compare and set behave as one register each. Writes of unsure
// outcome that somebody saw are taken as done by then; the grants of a bus are the writes of its
// owner's register. A gateway's lease is such a register too: nobody reads it to decide anything, so its writes are looked at
// alone.
func Linearizable(h *history.History) Result {
	f := begin(h, "C12", "linearizable registers")
	f.leaseChains()
	keys := registersOf(h)
	for _, key := range sortedKeys(keys) {
		r := keys[key]
		f.Examined += len(r.operations)
		f.Metrics["operations"] += float64(len(r.operations))
		f.Metrics["unsure writes"] += float64(r.unsure)
		if r.torn {
			f.unknown("writes of register %s were missed", key)
			continue
		}
		if r.unsure > mostUnsure {
			f.unknown("register %s has %d writes whose outcome nobody knows", key, r.unsure)
			continue
		}
		switch porcupine.CheckOperationsTimeout(registerModel(), r.operations, registerTime) {
		case porcupine.Illegal:
			culprit := r.culprit()
			f.violated("C12", key, suspect{bus: key, device: key}, r.near(culprit),
				"%s does not behave as one register from %s on", key, r.records[culprit].Stamped().ID())
		case porcupine.Unknown:
			f.unknown("register %s could not be judged within %v", key, registerTime)
		}
	}
	return f.end()
}

// register is all that was done to one.
type register struct {
	operations []porcupine.Operation
	records    []history.Record // of the operations
	unsure     int
	torn       bool // writes are missing in it
}

// registersOf returns the registers that clients used. Grants alone say nothing: they are a register's history as
// it is stored, and C6a looks at it.
func registersOf(h *history.History) map[string]*register {
	byKey := map[string][]*history.Register{}
	for _, r := range h.Registers {
		byKey[r.Key] = append(byKey[r.Key], r)
	}
	all := map[string]*register{}
	for key, list := range byKey {
		r := &register{}
		if !slices.ContainsFunc(list, func(op *history.Register) bool { return !op.Stored }) {
			continue
		}
		if bus, ok := strings.CutPrefix(key, OwnerRegister); ok && h.Buses[bus] != nil {
			r.addGrants(ownersOf(h, bus), h.End)
		}
		r.addClients(list, h.Run.Limits.WithDefaults())
		r.sort()
		all[key] = r
	}
	return all
}

// addGrants adds writes of owners. Who wrote one is not asked; it was done, at the latest, when the next one
// replaced it.
func (r *register) addGrants(list []*history.Grant, end boottime.Instant) {
	for i, g := range list {
		if i > 0 && g.Previous != list[i-1].Epoch {
			r.torn = true
		}
		done := end + 1
		if i+1 < len(list) {
			done = max(g.At, list[i+1].At)
		}
		r.add(g, 0, g.At-boottime.Instant(time.Millisecond), done, stepInput{write: true, expect: g.Previous, sure: true},
			stepOutput{value: g.Name(), revision: g.Epoch})
	}
}

// addClients adds what clients did. A write of unsure outcome that the record shows was done by then; one that it shows to
// be impossible is left out.
func (r *register) addClients(list []*history.Register, limits history.Limits) {
	known := newEvidence(list, limits)
	clients := map[string]int{}
	for _, op := range list {
		if op.Stored {
			continue
		}
		if clients[op.Client] == 0 {
			clients[op.Client] = len(clients) + 1
		}
		in := stepInput{write: op.Operation == history.RegisterWrite, expect: op.Expect, blind: op.Blind && op.Expect == 0, sure: true}
		out := stepOutput{value: op.Value, revision: op.Revision, refused: op.Outcome == history.RegisterRefused}
		end := op.At
		if op.Outcome == history.RegisterUnsure {
			if !in.write || known.never(op) {
				continue // a read that was not answered says nothing
			}
			end = math.MaxInt64
			if s, ok := known.seen[op.Value]; ok {
				out.revision, end = s.revision, max(s.at, op.Called)
				if in.blind && s.expect != 0 {
					in.blind, in.expect = false, s.expect
				}
			} else {
				in.sure = false
				r.unsure++
			}
		}
		r.add(op, clients[op.Client], op.Called, end, in, out)
	}
}

func (r *register) add(record history.Record, client int, call, end boottime.Instant, in stepInput, out stepOutput) {
	r.operations = append(r.operations, porcupine.Operation{
		ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(max(call, end)), Metadata: record,
	})
}

// sort puts the operations in the order in which they returned, so that one that cannot be can be found.
func (r *register) sort() {
	slices.SortStableFunc(r.operations, func(a, b porcupine.Operation) int { return compare(a.Return, b.Return) })
	for i := range r.operations {
		r.records = append(r.records, r.operations[i].Metadata.(history.Record))
	}
}

// culprit returns the first operation with which those up to it do not fit. What is called later cannot make it
// right; what had been called by then is kept.
func (r *register) culprit() int {
	low, high := 0, len(r.operations)-1
	for low < high {
		middle := (low + high) / 2
		if porcupine.CheckOperationsTimeout(registerModel(), r.until(middle), registerTime) == porcupine.Illegal {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// until returns the operations up to one, and those writes that had been called when it returned: they may have been done
// or not.
func (r *register) until(last int) []porcupine.Operation {
	part := slices.Clone(r.operations[:last+1])
	for _, op := range r.operations[last+1:] {
		in := op.Input.(stepInput)
		if in.write && !op.Output.(stepOutput).refused && op.Call <= r.operations[last].Return {
			op.Return = math.MaxInt64
			in.sure = false
			op.Input = in
			part = append(part, op)
		}
	}
	return part
}

// near returns the operation and those that returned before it.
func (r *register) near(i int) []history.Record {
	const before = 4
	return r.records[max(0, i-before) : i+1]
}

// Registers returns the names of the registers that clients used.
func Registers(h *history.History) []string { return sortedKeys(registersOf(h)) }

// DrawRegister writes a page of HTML that shows what was done to a register, with the faults beside it.
func DrawRegister(h *history.History, key string, out io.Writer) error {
	r := registersOf(h)[key]
	if r == nil {
		return fmt.Errorf("draw register %s: nothing was done to it", key)
	}
	model := registerModel()
	_, info := porcupine.CheckOperationsVerbose(model, r.operations, registerTime)
	var faults []porcupine.Annotation
	for _, w := range h.Faults {
		faults = append(faults, porcupine.Annotation{
			Tag: "faults", Start: int64(w.Asked), End: int64(w.Healed), Description: fmt.Sprintf("%s (%s)", w.ID, w.Fault),
		})
	}
	info.AddAnnotations(faults)
	if err := porcupine.Visualize(model, info, out); err != nil {
		return fmt.Errorf("draw register %s: %w", key, err)
	}
	return nil
}
