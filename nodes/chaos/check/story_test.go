package check_test

import (
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// story writes down a history by hand. Times are in milliseconds.
type story struct {
	records []history.Record
}

func (s *story) at(millisecond int, r history.Record) *story {
	stamp := r.Stamped()
	stamp.At = boottime.Instant(millisecond) * ms
	stamp.Recorder, stamp.Number = "story", uint64(len(s.records)+1)
	s.records = append(s.records, r)
	return s
}

func (s *story) fault(id string, kind history.FaultKind, from, to int, targets []string, down ...string) *story {
	for i, step := range []history.FaultStep{history.FaultAsked, history.FaultApplied, history.FaultHealAsked, history.FaultHealed} {
		s.at([]int{from, from, to, to}[i], &history.Fault{ID: id, Fault: kind, Step: step, Targets: targets, Down: down})
	}
	return s
}

// point says of all faults so far that a gateway was at a failpoint then.
func (s *story) point(name string) *story {
	for _, r := range s.records {
		if f, ok := r.(*history.Fault); ok {
			f.Point = name
		}
	}
	return s
}

var (
	gw1 = history.Peer{Gateway: "gw-1", Incarnation: "i1"}
	gw2 = history.Peer{Gateway: "gw-2", Incarnation: "i1"}
)

// plan is that of a fleet with one device and two gateways.
func plan(limits history.Limits, fenced bool) *history.Run {
	return &history.Run{
		Gateways: []string{"gw-1", "gw-2"}, Hubs: []string{"hub-0"}, Limits: limits,
		Devices: []history.DeviceSpec{{ID: "d", Bus: "b", Gateways: []string{"gw-1", "gw-2"}, Fenced: fenced}},
	}
}

func grant(epoch, previous uint64, p history.Peer) *history.Grant {
	return &history.Grant{Bus: "b", Epoch: epoch, Previous: previous, Peer: p}
}

func stored(epoch uint64) *history.Stored {
	return &history.Stored{Sequence: epoch, Batch: history.Batch{Device: "d", Epoch: epoch, First: 1, Readings: []history.Reading{{Resource: "count"}}}}
}

func action(epoch uint64, p history.Peer) *history.Action {
	return &history.Action{Device: "d", Resource: "setpoint", Value: "1", Epoch: epoch, Peer: p, Done: true}
}
