package run

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// tellFigures tells the numbers: what was left out, the times, and the counts.
func (r *Report) tellFigures(out io.Writer) error {
	fmt.Fprintln(out)
	for _, skipped := range r.Skipped {
		fmt.Fprintf(out, "%s was left out: %s\n", skipped.ID, skipped.Reason)
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintln(out)
	}
	if f := r.Figures; f != nil {
		if err := f.times(out); err != nil {
			return err
		}
		fmt.Fprintf(out, "served        %.1f %% of the time of all devices, %.0f %% of the devices at the worst moment\n", 100*f.Served, 100*f.Lowest)
	}
	for _, d := range most(r.Drains, func(d Drain) int { return d.Readings }) {
		fmt.Fprintf(out, "drained       after %s: %s\n", d.Fault, d)
	}
	several := slices.DeleteFunc(slices.Clone(r.Reconnects), func(c Reconnect) bool { return c.Gateways < 2 }) // one alone is no crowd
	for _, c := range most(several, func(c Reconnect) int { return c.Connections }) {
		fmt.Fprintf(out, "reconnected   after %s: %s\n", c.Fault, c)
	}
	if ends := r.ends(); ends != "" {
		fmt.Fprintf(out, "commands      %s\n", ends)
	}
	if f := r.Figures; f != nil {
		fmt.Fprintf(out, "refused       %s, by devices\n", plan.Count(f.StaleRefused, "stale attempt"))
		fmt.Fprintf(out, "removed       %s stored more than once\n", plan.Count(f.DuplicatesRemoved, "reading"))
	}
	var some []string
	for _, s := range r.Sometimes {
		if s.Count > 0 && s.Name != StaleRefused {
			some = append(some, fmt.Sprintf("%d %s", s.Count, s.Name))
		}
	}
	if len(some) > 0 {
		fmt.Fprintf(out, "came about    %s\n", strings.Join(some, ", "))
	}
	if len(r.Drawings) > 0 {
		fmt.Fprintf(out, "drawn         %s, in porcupine-*.html\n", plan.Count(len(r.Drawings), "register"))
	}
	return nil
}

// times is a table of how long devices were without service.
func (f *Figures) times(out io.Writer) error {
	if len(f.Failovers)+len(f.HubAway)+f.HandOver.N == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WITHOUT SERVICE\tFAULTS\tDEVICES\tP50\tP99\tMAX\tGOAL")
	for _, o := range f.Failovers {
		note := People(f.Goal)
		if o.Max > f.Goal && o.MaxServable <= f.Goal {
			note += fmt.Sprintf(" (%s while it could be served)", People(o.MaxServable))
		}
		fmt.Fprintf(table, "after %s\t%d\t%s\t%s\n", o.Kind, o.Faults, o.Quantiles, note)
	}
	for _, o := range f.HubAway {
		fmt.Fprintf(table, "hub, %s: none live\t%d\t%s\t-\n", o.Kind, o.Faults, o.Quantiles)
	}
	if f.HandOver.N > 0 {
		fmt.Fprintf(table, "handed over\t\t%s\t%s\n", f.HandOver, People(f.HandOverGoal))
	}
	return table.Flush()
}

// String has a tab between the numbers.
func (q Quantiles) String() string {
	if q.N == 0 {
		return "0\t-\t-\t-"
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s", q.N, People(q.P50), People(q.P99), People(q.Max))
}

// People writes a time of so many milliseconds for people.
func People(ms float64) string {
	switch {
	case ms >= 1000:
		return strconv.FormatFloat(math.Round(ms/10)/100, 'f', -1, 64) + " s"
	case ms >= 10:
		return strconv.FormatFloat(math.Round(ms), 'f', -1, 64) + " ms"
	default:
		return strconv.FormatFloat(math.Round(ms*10)/10, 'f', -1, 64) + " ms"
	}
}

// ends tells how commands ended, the most frequent first.
func (r *Report) ends() string {
	states := slices.SortedFunc(maps.Keys(r.Commands), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Commands[b], r.Commands[a]), cmp.Compare(a, b))
	})
	var ends []string
	for _, state := range states {
		ends = append(ends, fmt.Sprintf("%d %s", r.Commands[state], state))
	}
	return strings.Join(ends, ", ")
}
