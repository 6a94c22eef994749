package check

import (
	"fmt"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Describe says in one line what a record tells.
func Describe(r history.Record) string {
	switch r := r.(type) {
	case *history.Session:
		return describeSession(r)
	case *history.Read:
		return fmt.Sprintf("%s is read by %s, time %d%s", r.Device, r.Name(), r.Count, refused(r.Done, ""))
	case *history.Action:
		return fmt.Sprintf("%s is told by %s to set %s to %s for %s, epoch %d%s",
			r.Device, r.Name(), r.Resource, r.Value, or(r.Command, "no command"), r.Epoch, refused(r.Done, r.Reason))
	case *history.Call:
		return fmt.Sprintf("%s asks %s to set %s to %s with %s (%s) within %v",
			r.Client, r.Device, r.Resource, r.Value, r.Command, r.Class, r.Expires)
	case *history.Answer:
		return fmt.Sprintf("%s is %s, says the %s%s", r.Command, or(string(r.State), "not heard of"), r.Source, beside(r.Error))
	case *history.Acked:
		if r.By != "" {
			return fmt.Sprintf("%s says that it keeps readings %s", r.By, span(r.Device, r.Epoch, r.First, r.End()))
		}
		return fmt.Sprintf("the hub acknowledges readings %s", span(r.Device, r.Epoch, r.First, r.End()))
	case *history.Stored:
		return fmt.Sprintf("the hub's stream has at %d readings %s", r.Sequence, describeBatch(&r.Batch))
	case *history.Delivered:
		return fmt.Sprintf("the sink is given readings %s", describeBatch(&r.Batch))
	case *history.Grant:
		return fmt.Sprintf("bus %s belongs to %s, epoch %d", r.Bus, r.Name(), r.Epoch)
	case *history.Lease:
		return fmt.Sprintf("gateway %s is %s, sequence %d", r.Name(), r.State, r.Sequence)
	default:
		return describeHarness(r)
	}
}

func describeHarness(r history.Record) string {
	switch r := r.(type) {
	case *history.Hardware:
		return fmt.Sprintf("the hardware is on: %v", r.On)
	case *history.Register:
		if r.Stored {
			return fmt.Sprintf("the hub's stream has %s: %q at %d, from %s", r.Key, r.Value, r.Revision, r.Client)
		}
		return fmt.Sprintf("%s: %s %s is %s: %q at %d", r.Client, r.Operation, r.Key, r.Outcome, r.Value, r.Revision)
	case *history.Event:
		return fmt.Sprintf("%s says that %s is %s%s", r.Gateway, or(r.Device, or(r.Bus, "it")), r.Event, beside(r.Message))
	case *history.Picture:
		return fmt.Sprintf("%s believes that bus %s belongs to %s, epoch %d", r.Gateway, r.Bus, r.Owner.Name(), r.Epoch)
	case *history.Backlog:
		return fmt.Sprintf("%s has %d waiting", r.Holder, r.Waiting)
	case *history.Health:
		return fmt.Sprintf("%s answers: %v", r.Node, r.Answers)
	case *history.Fault:
		return fmt.Sprintf("fault %s (%s of %s) is %s%s", r.ID, r.Fault, strings.Join(r.Targets, ", "), r.Step, beside(r.Evidence))
	case *history.Process:
		return fmt.Sprintf("%s, run %d: %s%s", r.Node, r.Run, r.State, beside(r.Exit))
	case *history.Phase:
		return fmt.Sprintf("phase %s begins", r.Phase)
	default:
		return string(r.Stamped().Kind)
	}
}

func describeSession(r *history.Session) string {
	what := "closed"
	if r.Open {
		what = "opened"
	}
	return fmt.Sprintf("session of %s with %s is %s%s", r.Name(), r.Device, what, refused(r.Done, r.Reason))
}

func describeBatch(b *history.Batch) string {
	text := span(b.Device, b.Epoch, b.First, b.End())
	if b.Dropped > 0 {
		text += fmt.Sprintf(", %d before them dropped", b.Dropped)
	}
	if b.Backfill {
		text += ", backfill"
	}
	return text
}

// span names readings from first to before end.
func span(device string, epoch, first, end uint64) string {
	if end <= first+1 {
		return ReadingID(device, epoch, first)
	}
	return fmt.Sprintf("%s to %d", ReadingID(device, epoch, first), end-1)
}

func refused(done bool, reason string) string {
	if done {
		return ""
	}
	return ", and refuses" + beside(reason)
}

func beside(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
