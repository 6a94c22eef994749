package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// Trigger says what an entry waits for. Exactly one of Failpoint, Link and Event is given.
type Trigger struct {
	// Failpoint is a point of a gateway's own work, such as cmd.after-write, and Hit at which passing of it the entry
	// begins, from when it is waited for; default 1. Device is the one that it is passed for; empty: any.
	Failpoint string `json:"failpoint,omitempty"`
	Hit       uint64 `json:"hit,omitempty"`
	Device    string `json:"device,omitempty"`
	// Node is the gateway of the point: a target that is one gateway. Who passes waits there until the fault shows its
	// effect. Empty: it is the target of the entry, and the point itself kills or stops it.
	Node string `json:"node,omitempty"`

	// Link is a gateway, or a target that is one: the entry begins when so much has passed between it and the hub.
	Link string `json:"link,omitempty"`
	// Direction that is counted, up or down; default up. Either messages of the kind Verb count, up to Count, which is
	// 1 if not given, or Bytes do.
	Direction string `json:"direction,omitempty"`
	Verb      string `json:"verb,omitempty"`
	Count     int64  `json:"count,omitempty"`
	Bytes     int64  `json:"bytes,omitempty"`

	// Event is of the control stream: "epoch(rig-7)>=40" or "owners(rig-7)>=3", which counts who was given the bus.
	Event string `json:"event,omitempty"`
}

// TargetSame is in a trigger the target of its entry.
const TargetSame = "target"

// Exact reports whether the point itself does what the entry is to do.
func (t *Trigger) Exact() bool { return t != nil && t.Failpoint != "" && t.Node == "" }

// Event is what is waited for in the control stream.
type Event struct {
	// What is "epoch" or "owners".
	What   string
	Device string
	Least  uint64
}

var eventForm = regexp.MustCompile(`^(epoch|owners)\(([^()]+)\)>=([0-9]+)$`)

// ParseEvent reads an event.
func ParseEvent(text string) (Event, error) {
	m := eventForm.FindStringSubmatch(text)
	if m == nil {
		return Event{}, fmt.Errorf("event %q is neither epoch(DEVICE)>=N nor owners(DEVICE)>=N", text)
	}
	least, err := strconv.ParseUint(m[3], 10, 64)
	if err != nil {
		return Event{}, fmt.Errorf("event %q: %w", text, err)
	}
	return Event{What: m[1], Device: m[2], Least: least}, nil
}

// Where is the gateway that is watched; empty: none is.
func (t *Trigger) Where() string {
	if t.Failpoint != "" && t.Node == "" {
		return TargetSame
	}
	return t.Node + t.Link
}

// check says what makes no sense in the trigger of an entry.
func (t *Trigger) check(e Entry, s Settings) error {
	given := 0
	for _, text := range []string{t.Failpoint, t.Link, t.Event} {
		if text != "" {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("its trigger has %d of failpoint, link and event, and not one", given)
	}
	if t.Failpoint == "" && (t.Hit != 0 || t.Device != "" || t.Node != "") {
		return fmt.Errorf("hit, device and node of its trigger belong to a failpoint")
	}
	if t.Link == "" && (t.Direction != "" || t.Verb != "" || t.Count != 0 || t.Bytes != 0) {
		return fmt.Errorf("direction, verb, count and bytes of its trigger belong to a link")
	}
	switch {
	case t.Failpoint != "":
		return t.checkPoint(e, s)
	case t.Link != "":
		return t.checkLink(e, s)
	}
	event, err := ParseEvent(t.Event)
	if err == nil {
		err = s.knows(event.Device)
	}
	return err
}

func (t *Trigger) checkPoint(e Entry, s Settings) error {
	if _, err := failpoint.Find(t.Failpoint); err != nil {
		return err
	}
	if t.Device != "" {
		if err := s.knows(t.Device); err != nil {
			return err
		}
	}
	switch {
	case t.Node == "" && e.Fault != Kill && e.Fault != Pause:
		return fmt.Errorf("a failpoint does %s and %s by itself, and not %s: its trigger needs the node that passes it (%q: its own target)", Kill, Pause, e.Fault, TargetSame)
	case t.Node == "":
		return oneGateway(e.Target, s, false)
	}
	return s.watched(t.Node, e)
}

func (t *Trigger) checkLink(e Entry, s Settings) error {
	switch {
	case t.Direction != "" && t.Direction != "up" && t.Direction != "down":
		return fmt.Errorf("the direction of its trigger is %q, and not up or down", t.Direction)
	case (t.Verb == "") == (t.Bytes == 0):
		return fmt.Errorf("its trigger counts either messages (verb) or bytes")
	case t.Bytes < 0 || t.Count < 0:
		return fmt.Errorf("a number of its trigger is negative")
	case t.Bytes > 0 && t.Count > 0:
		return fmt.Errorf("count of its trigger is of messages, and there is no verb")
	}
	return s.watched(t.Link, e)
}

// watched checks a target that a trigger is to watch.
func (s Settings) watched(target string, e Entry) error {
	if target == TargetSame {
		return oneGateway(e.Target, s, false)
	}
	return oneGateway(target, s, true)
}

// oneGateway checks that a target is one gateway, and with known also that it can be told which without chance.
func oneGateway(target string, s Settings, known bool) error {
	if target == TargetAny && !known {
		return nil
	}
	if device, ok := strings.CutPrefix(target, "owner("); ok {
		return s.knows(strings.TrimSuffix(device, ")"))
	}
	var all []string
	for i := range s.Gateways {
		all = append(all, s.Gateway(i+1))
	}
	if !slices.Contains(all, target) {
		return fmt.Errorf("its trigger watches one gateway, and %q is none: use one of %s, or owner(DEVICE)", target, strings.Join(all, ", "))
	}
	return nil
}

// knows checks that there is a device.
func (s Settings) knows(device string) error {
	for i := range s.Devices {
		if s.Device(i+1) == device {
			return nil
		}
	}
	return fmt.Errorf("there is no device %q: there are %s to %s", device, s.Device(1), s.Device(s.Devices))
}

// String tells the trigger for people.
func (t *Trigger) String() string {
	switch {
	case t == nil:
		return "-"
	case t.Failpoint != "":
		text := fmt.Sprintf("%s, time %d", t.Failpoint, max(t.Hit, 1))
		if t.Device != "" {
			text += " for " + t.Device
		}
		if t.Node != "" {
			text += " at " + t.Node
		}
		return text
	case t.Link != "":
		what := fmt.Sprintf("byte %d", t.Bytes)
		if t.Verb != "" {
			what = fmt.Sprintf("%s %d", t.Verb, max(t.Count, 1))
		}
		return fmt.Sprintf("%s %s at %s", what, or(t.Direction, "up"), t.Link)
	}
	return t.Event
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
