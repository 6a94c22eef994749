package shrink

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Fails runs a plan and reports whether it fails in the way that is looked for. An error ends the search.
type Fails func(context.Context, *plan.Plan) (bool, error)

// Step is a plan that was tried.
type Step struct {
	// Number of the step, from 1.
	Number int
	// What was changed, for people.
	What string
	Plan *plan.Plan
	// Failed: it fails, so it is the best so far.
	Failed bool
}

// Result is what a search found.
type Result struct {
	// Plan is the smallest that was seen to fail: the one that was given if there is none smaller.
	Plan *plan.Plan
	// Tried is how many plans were, and Failed how many of them failed.
	Tried, Failed int
	// Whole: all that there is to try was tried.
	Whole bool
}

// Search makes a plan that fails smaller, until nothing is left to try or ctx ends. note is told of each step, unless
// it is nil. The error is that of fails, or of ctx; the result is the best until then all the same.
func Search(ctx context.Context, p *plan.Plan, fails Fails, note func(Step)) (Result, error) {
	if note == nil {
		note = func(Step) {}
	}
	s := &search{ctx: ctx, fails: fails, note: note, seen: map[string]bool{p.Digest(): true}, Result: Result{Plan: p}}
	s.entries()
	s.halve("holds", halfHolds)
	for _, e := range s.Plan.Entries {
		s.halve("the hold of "+e.ID, halfHold(e.ID))
	}
	s.halve("devices", halfDevices)
	s.halve("clients", halfClients)
	s.halve("the duration", halfDuration)
	s.Whole = s.err == nil
	return s.Result, s.err
}

// search is a search that goes on.
type search struct {
	Result
	ctx   context.Context // of the one call of Search that it is made for
	fails Fails
	note  func(Step)
	seen  map[string]bool // digests of plans that were tried
	err   error           // why it is over
}

// try reports whether a plan fails; then it is the best. One that was tried, or makes no sense, is not tried.
func (s *search) try(what string, p *plan.Plan) bool {
	digest := p.Digest()
	if s.err != nil || s.seen[digest] || p.Validate() != nil {
		return false
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return false
	}
	s.seen[digest] = true
	failed, err := s.fails(s.ctx, p)
	if s.err = err; err != nil {
		return false
	}
	s.Tried++
	if failed {
		s.Failed++
		s.Plan = p
	}
	s.note(Step{Number: s.Tried, What: what, Plan: p, Failed: failed})
	return failed
}

// entries leaves out all entries that it can do without.
func (s *search) entries() {
	all := len(s.Plan.Entries)
	ddmin(s.Plan.Entries, func(some []plan.Entry) bool {
		p := *s.Plan
		p.Entries = some
		return s.try(fmt.Sprintf("%d of %d entries", len(some), all), &p)
	})
}

// halve makes a plan smaller by halves for as long as it fails.
func (s *search) halve(what string, half func(plan.Plan) (*plan.Plan, bool)) {
	for {
		p, can := half(*s.Plan)
		if !can || !s.try("half of "+what, p) {
			return
		}
	}
}
