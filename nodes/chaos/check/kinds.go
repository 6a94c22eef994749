package check

import "github.com/roost-iot/roost/nodes/chaos/history"

// Kinds of use, beside the classes of commands.
const (
	// KindShort are commands that expire before a failover is over, KindDurable those that wait for a device that is away and
	// have time for it.
	KindShort   = "short deadline"
	KindDurable = "durable"
	// KindDesired are changes of what is desired of a device.
	KindDesired = "DESIRED"
)

// kindsOf returns of which kinds a command or query is.
func kindsOf(c *history.Call, limits history.Limits) []string {
	kinds := []string{string(c.Class)}
	switch {
	case c.Class == history.Query || c.Expires == 0:
	case c.Expires < limits.Lease:
		kinds = append(kinds, KindShort)
	case c.QueueWhileAway && c.Expires > limits.Failover:
		kinds = append(kinds, KindDurable)
	}
	return kinds
}

// kinds: each kind of use that was made of the fleet worked at least once.
func (f *finding) kinds() {
	used, worked := map[string]int{}, map[string]int{}
	for _, all := range []map[string]*history.Command{f.h.Commands, f.h.Queries} {
		for _, c := range all {
			if c.Call == nil {
				continue
			}
			last := c.Final()
			for _, kind := range kindsOf(c.Call, f.limits) {
				used[kind]++
				if last != nil && last.State == history.Succeeded {
					worked[kind]++
				}
			}
		}
	}
	if len(used) == 0 {
		f.unknown("vacuous: no command was sent")
	}
	for _, op := range f.h.Registers {
		if op.Operation == history.RegisterWrite && !op.Stored {
			used[KindDesired]++
			if op.Outcome == history.RegisterDone {
				worked[KindDesired]++
			}
		}
	}
	for _, kind := range sortedKeys(used) {
		f.Metrics[kind+" succeeded"] = float64(worked[kind])
		if worked[kind] == 0 {
			f.unknown("vacuous: no %s command succeeded", kind)
		}
	}
}
