package history

import (
	"time"

	"github.com/roost-iot/roost/nodes/sim"
)

// Peer is one run of a gateway. The hardware has other names for runs than the hub: to the hardware it is a run of the
// driver, so a gateway that lost its lease and went on is still the same. Only gateways can be compared between
// the two.
type Peer struct {
	Gateway     string `json:"gateway,omitempty"`
	Incarnation string `json:"incarnation,omitempty"`
}

// Name returns "gw-1/2f0c", or "nobody".
func (p Peer) Name() string {
	if p.Gateway == "" {
		return "nobody"
	}
	return p.Gateway + "/" + p.Incarnation
}

// Hardware tells that the simulated hardware was switched on or off. When it is switched on, it is new:
// it has counted nothing and has seen no epoch.
type Hardware struct {
	Stamp
	On   bool   `json:"on"`
	Seed uint64 `json:"seed,omitempty"`
}

// Session tells that a session with a device was asked for, or ended.
type Session struct {
	Stamp
	Device  string `json:"device"`
	Open    bool   `json:"open"`
	Session uint64 `json:"session,omitempty"`
	// Connection is its number at the hardware.
	Connection uint64 `json:"connection,omitempty"`
	Peer
	// Done is false if it was refused; Reason says why, or how it ended.
	Done   bool   `json:"done"`
	Reason string `json:"reason,omitempty"`
}

// Read tells that a device was asked for what it measures.
type Read struct {
	Stamp
	Device string `json:"device"`
	// Count is how often the device was read, this time included: it names the reading at the hardware.
	Count uint64 `json:"count,omitempty"`
	// Value that it showed, if it was asked for that; see sim.Measured.
	Value      float64 `json:"value"`
	Connection uint64  `json:"connection,omitempty"`
	Peer
	// Done is false if it was refused.
	Done bool `json:"done"`
}

// Action tells that a device was told to act, right before it does.
type Action struct {
	Stamp
	Device string `json:"device"`
	// Command that it is part of, and the write: what and to what, as roostv1.Value.Format writes it.
	Command  string `json:"command,omitempty"`
	Resource string `json:"resource"`
	Value    string `json:"value"`
	// Epoch that the gateway acts under, and Attempt which time it says that this is.
	Epoch      uint64 `json:"epoch"`
	Attempt    uint64 `json:"attempt,omitempty"`
	Connection uint64 `json:"connection,omitempty"`
	Peer
	// Waited is for how long it had been at the hardware before its turn.
	Waited time.Duration `json:"waitedNs,omitempty"`
	// Done: the device did it. Else it refused: Stale, because of the epoch; Reason says why.
	Done   bool   `json:"done"`
	Stale  bool   `json:"stale,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Unanswered: it will not say that it did it.
	Unanswered bool `json:"unanswered,omitempty"`
}

// Truth makes records of those of the hardware's own log. The zero Truth is ready for use.
type Truth struct {
	seed uint64 // of the last start
}

// Record returns what a record of the truth log tells, nil if no checker asks for it. Records
// must come in their order, from the start of a run on.
func (t *Truth) Record(r sim.Record) Record {
	peer := Peer{Gateway: r.Gateway, Incarnation: r.Incarnation}
	stamp := Stamp{At: r.At}
	done := r.Result == sim.Done
	switch r.Kind {
	case sim.KindStart:
		t.seed = r.Seed
		stamp.Kind = KindHardware
		return &Hardware{Stamp: stamp, On: true, Seed: r.Seed}
	case sim.KindStop:
		stamp.Kind = KindHardware
		return &Hardware{Stamp: stamp}
	case sim.KindOpen, sim.KindClose:
		stamp.Kind = KindSession
		return &Session{
			Stamp: stamp, Device: r.Device, Open: r.Kind == sim.KindOpen, Session: r.Session, Connection: r.Connection,
			Peer: peer, Done: r.Result != sim.Refused, Reason: r.Reason,
		}
	case sim.KindRead:
		stamp.Kind = KindRead
		read := &Read{Stamp: stamp, Device: r.Device, Count: r.Count, Connection: r.Connection, Peer: peer, Done: done}
		if done {
			read.Value = sim.Measured(t.seed, r.Device, r.Count)
		}
		return read
	case sim.KindAction:
		stamp.Kind = KindAction
		return &Action{
			Stamp: stamp, Device: r.Device, Command: r.Command, Resource: r.Resource, Value: r.Value, Epoch: r.Epoch,
			Attempt: r.Attempt, Connection: r.Connection, Peer: peer, Waited: r.Waited, Done: done,
			Stale: !done && r.Code == staleEpoch, Reason: r.Reason, Unanswered: r.Unanswered,
		}
	default:
		return nil
	}
}
