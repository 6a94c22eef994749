package check

import (
	"cmp"
	"slices"
	"sort"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

const (
	// MaxAround is how many records are shown around a violation.
	MaxAround = 20
	// explained is for how many violations of a result they are, and sought how many records are looked at on each
	// side to find them.
	explained = 20
	sought    = 20_000
)

// Lane is whose word a record is; lanes are shown side by side.
type Lane string

// Lanes.
const (
	LaneTruth   Lane = "truth"   // the hardware
	LaneClient  Lane = "client"  // who sends commands and takes readings
	LaneHub     Lane = "hub"     // what its streams hold
	LaneGateway Lane = "gateway" // not to be trusted
	LaneHarness Lane = "harness" // faults, phases, processes
)

// Line is a record for people.
type Line struct {
	At     boottime.Instant `json:"at"`
	Lane   Lane             `json:"lane"`
	Record string           `json:"record"`
	Text   string           `json:"text"`
}

// around returns the records about a violation's device, bus and command that are next to it in time. Each lane has its
// share, so that a hundred polls do not hide the one command.
func around(h *history.History, s suspect) []Line {
	middle := sort.Search(len(h.Records), func(i int) bool { return h.Records[i].Stamped().At >= s.At })
	found := map[Lane][]history.Record{}
	take := func(r history.Record) {
		if lane := laneOf(r); s.concerns(r) && len(found[lane]) < MaxAround {
			found[lane] = append(found[lane], r)
		}
	}
	for i := range sought { // nearest first, on both sides by turns
		if before := middle - 1 - i; before >= 0 {
			take(h.Records[before])
		}
		if after := middle + i; after < len(h.Records) {
			take(h.Records[after])
		}
	}
	chosen := s.named(h, middle)
	for round := 0; len(chosen) < MaxAround && round < MaxAround; round++ {
		for _, lane := range []Lane{LaneTruth, LaneClient, LaneHub, LaneGateway, LaneHarness} {
			if round < len(found[lane]) && len(chosen) < MaxAround && !slices.Contains(chosen, found[lane][round]) {
				chosen = append(chosen, found[lane][round])
			}
		}
	}
	slices.SortStableFunc(chosen, func(a, b history.Record) int { return cmp.Compare(a.Stamped().At, b.Stamped().At) })
	lines := make([]Line, 0, len(chosen))
	for _, r := range chosen {
		lines = append(lines, Line{At: r.Stamped().At, Lane: laneOf(r), Record: r.Stamped().ID(), Text: Describe(r)})
	}
	return lines
}

// named returns the records that the violation itself names, as far as they are near: they come first.
func (s suspect) named(h *history.History, middle int) []history.Record {
	var records []history.Record
	for _, r := range h.Records[max(0, middle-sought):min(len(h.Records), middle+sought)] {
		if len(records) < MaxAround && slices.Contains(s.Records, r.Stamped().ID()) {
			records = append(records, r)
		}
	}
	return records
}

// concerns reports whether a record is about what the violation is about.
func (s suspect) concerns(r history.Record) bool {
	device, command, bus := about(r)
	switch r := r.(type) {
	case *history.Fault:
		return true
	case *history.Phase:
		return false
	case *history.Process:
		return s.command == "" && r.State != history.ProcessStarted
	case *history.Lease:
		return s.gateway != "" && s.gateway == r.Gateway
	}
	switch {
	case command != "":
		return command == s.command || s.command == "" && device == s.device
	case device != "":
		return device == s.device
	default:
		return bus != "" && bus == s.bus
	}
}

// about returns what a record is about.
func about(r history.Record) (device, command, bus string) {
	switch r := r.(type) {
	case *history.Session:
		return r.Device, "", ""
	case *history.Read:
		return r.Device, "", ""
	case *history.Action:
		return r.Device, r.Command, ""
	case *history.Call:
		return r.Device, r.Command, ""
	case *history.Answer:
		return r.Device, r.Command, ""
	case *history.Acked:
		return r.Device, "", ""
	case *history.Stored:
		return r.Device, "", ""
	case *history.Delivered:
		return r.Device, "", ""
	case *history.Event:
		return r.Device, "", r.Bus
	case *history.Grant:
		return "", "", r.Bus
	case *history.Picture:
		return "", "", r.Bus
	case *history.Register:
		return "", "", r.Key
	case *history.Lease:
		return "", "", LeaseRegister + r.Gateway
	default:
		return "", "", ""
	}
}

func laneOf(r history.Record) Lane {
	if r, ok := r.(*history.Register); ok && r.Stored {
		return LaneHub
	}
	switch r.(type) {
	case *history.Hardware, *history.Session, *history.Read, *history.Action:
		return LaneTruth
	case *history.Call, *history.Answer, *history.Delivered, *history.Register:
		return LaneClient
	case *history.Acked, *history.Stored, *history.Grant, *history.Lease:
		return LaneHub
	case *history.Event, *history.Picture, *history.Backlog, *history.Health:
		return LaneGateway
	default:
		return LaneHarness
	}
}
