package report

import (
	"cmp"
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// MaxDrawn is how many commands are drawn, but for those that violations name.
const MaxDrawn = 10_000

// outcomes are how commands end, in the order in which they are shown.
var outcomes = []string{
	string(history.Succeeded), string(history.Failed), string(history.Indeterminate), string(history.Expired),
	string(history.Rejected), string(history.Cancelled), string(history.Superseded), history.NotAccepted, history.NotEnded,
}

// command is one that a client sent.
type command struct {
	*history.Command
	outcome int     // its place in outcomes
	at      float64 // when it was sent, in milliseconds
	took    float64 // until its sender was told how it ended, in milliseconds; 0: nobody told
	anchor  string  // of the violation that names it
}

// commandsOf returns all that clients have sent, in that order.
func (p *page) commandsOf(sent map[string]*history.Command) []command {
	var all []command
	for _, c := range sent {
		if c.Call == nil {
			continue
		}
		one := command{Command: c, outcome: max(slices.Index(outcomes, c.Outcome()), 0), at: p.scale.since(c.Call.At), anchor: p.named.commands[c.ID]}
		if last := c.Final(); last != nil && last.Source == history.FromReply {
			one.took = float64(last.At.Sub(c.Call.At)) / 1e6
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b command) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// drawn returns which commands to draw: all that violations name, and of the others at most so many. Each outcome has its
// share, so that many successes do not hide the one that failed.
func drawn(all []command, most int) []command {
	counts := make([]int, len(outcomes))
	for _, c := range all {
		counts[c.outcome]++
	}
	shares := fairShares(counts, most)
	seen := make([]int, len(outcomes))
	some := make([]command, 0, min(len(all), most))
	for _, c := range all {
		i, n := seen[c.outcome], counts[c.outcome]
		seen[c.outcome]++
		if c.anchor != "" || i*shares[c.outcome]/n != (i+1)*shares[c.outcome]/n {
			some = append(some, c)
		}
	}
	return some
}

// fairShares divides most among counts: none gets more than it has, and what one leaves goes to the others.
func fairShares(counts []int, most int) []int {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
	shares := make([]int, len(counts))
	for k, i := range order {
		shares[i] = min(counts[i], most/(len(order)-k))
		most -= shares[i]
	}
	return shares
}
