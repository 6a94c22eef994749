package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// sweepEvery is how often commands are looked for that nobody ends.
	sweepEvery = 500 * time.Millisecond
	// sweepGrace is how long after its expiry a command is left to whoever may have its device.
	sweepGrace = 2 * time.Second
	// sweepSettle is how long a command that nobody can ask its device about stays UNKNOWN.
	sweepSettle = 10 * time.Second
	// sweepRelease is how long a bus may be that of a gateway whose run is over, before it is taken from it so that
	// its commands can be ended.
	sweepRelease = 10 * time.Second
	// sweepPatience is how long a write of the sweeper is tried.
	sweepPatience = 5 * time.Second
)

// sweeper ends the commands that no owner will end: those for devices whose bus nobody owns, and, at the owner, those
// for devices that the Host was not given, of those that it was never handed; see desk.leaves. Of a fleet's gateways only the first that lives does the former,
// so that they do not all try; that it is the one decides nothing, since each write is fenced by the record that
// says that nobody owns the bus.
type sweeper struct {
	id      string
	names   Subjects
	picture *Picture
	journal *Journal
	desk    *desk
	keeper  *keeper
	hub     *HubClock
	clock   boottime.Clock
	log     *slog.Logger

	writing map[string]*ending          // by command: until the picture has what was written
	over    map[string]boottime.Instant // since when buses are known to be those of a run that is over
}

func newSweeper(g *Gateway) *sweeper {
	return &sweeper{
		id: g.config.ID, names: g.names, picture: g.picture, journal: g.journal, desk: g.desk, keeper: g.keeper,
		hub: g.hub, clock: g.clock, log: g.log,
		writing: map[string]*ending{}, over: map[string]boottime.Instant{},
	}
}

// ending is a record that is being replaced.
type ending struct {
	sequence uint64 // of the record
	failed   atomic.Bool
}

// run sweeps until ctx ends.
func (s *sweeper) run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.sweep()
		}
	}
}

// sweep looks at all devices that have open commands.
func (s *sweeper) sweep() {
	stand := s.keeper.standing()
	now, bound, ok := s.hub.Now()
	if !ok || stand.phase != phaseHolding || !s.picture.has(stand.joined) {
		return
	}
	now = now.Add(-bound) // certainly
	first := s.picture.firstLive() == s.id
	over := map[string]boottime.Instant{}
	for _, device := range s.picture.waitingDevices() {
		spec := s.picture.Device(device)
		for bus, open := range s.open(device, spec) {
			owner := s.picture.Owner(bus)
			w := waiting{device, bus, spec, open}
			switch {
			case stand.self.owns(owner):
				s.end(now, w, owner.Epoch, true)
			case !first:
			case owner.Gateway == "":
				s.end(now, w, owner.Epoch, false)
			default:
				s.release(now, w, owner, over)
			}
		}
	}
	s.over = over
	s.desk.forget()
	maps.DeleteFunc(s.writing, func(key string, e *ending) bool { return s.picture.Sequence(Key{KindCommand, key}) != e.sequence })
}

// waiting are the open commands of a device on one bus, where it may not be any more.
type waiting struct {
	device, bus string
	spec        *roostv1.DeviceSpec // nil: there is none
	open        []rawOpen
}

// open returns the open commands of a device by bus.
func (s *sweeper) open(device string, spec *roostv1.DeviceSpec) map[string][]rawOpen {
	home := device
	if spec != nil {
		home = spec.BusID()
	}
	raw, _ := s.picture.openAfter(device, 0)
	open := map[string][]rawOpen{}
	for _, r := range raw {
		bus := cmp.Or(r.bus, home)
		open[bus] = append(open[bus], r)
	}
	return open
}

// firstLive is the first of the gateways that live, in the order of their ids.
func (p *Picture) firstLive() string {
	for _, m := range p.Members() {
		if p.sight(m.GatewayId).live() {
			return m.GatewayId
		}
	}
	return ""
}

// release takes a bus from a run that has been over for long, and that nobody claims, if a command waits for
// its end.
func (s *sweeper) release(now time.Time, w waiting, owner Owner, over map[string]boottime.Instant) {
	if s.picture.sight(owner.Gateway).record.Standing(owner.Incarnation, owner.Epoch) != lease.Over {
		return
	}
	at := s.clock.Now()
	since, known := s.over[w.bus]
	if !known {
		since = at
	}
	over[w.bus] = since
	if at.Sub(since) < sweepRelease || len(w.overdue(now)) == 0 {
		return
	}
	s.log.Info("bus released to end its commands", "bus", w.bus, "owner", owner.Gateway, "epoch", owner.Epoch)
	s.journal.replace(self{}.handOver(s.names, w.bus, owner.Epoch, self{}), at.Add(sweepPatience))
}

// end ends the commands that are overdue, fenced by the present record of its bus's owner, which may be
// this gateway.
func (s *sweeper) end(now time.Time, w waiting, epoch uint64, mine bool) {
	for _, due := range w.overdue(now) {
		key := commandKey(w.device, due.record.CommandId)
		if mine && !s.desk.leaves(w.bus, epoch, w.device, key, due.record.Order) {
			continue
		}
		if e := s.writing[key]; e != nil && e.sequence == due.sequence && !e.failed.Load() {
			continue
		}
		if err := due.record.Enter(s.change(due.next, now, epoch)); err != nil {
			s.log.Warn("command cannot be ended", "device", w.device, "command", due.record.CommandId, "error", err)
			continue
		}
		e := &ending{sequence: due.sequence}
		s.writing[key] = e
		s.journal.Record(w.bus, epoch, due.record, func(err error) {
			if err != nil {
				e.failed.Store(true)
				s.log.Debug("command was not ended", "device", w.device, "command", due.record.CommandId, "error", err)
			}
		})
	}
}

func (s *sweeper) change(next roostv1.CommandState, now time.Time, epoch uint64) roostv1.Change {
	c := roostv1.Change{State: next, At: now, Gateway: s.id, Epoch: epoch, Effect: roostv1.Effect_EFFECT_UNKNOWN}
	switch next {
	case roostv1.CommandState_COMMAND_STATE_EXPIRED:
		c.Status = roostv1.Errorf(roostv1.ErrExpired, "no gateway served the device before the command expired")
	case roostv1.CommandState_COMMAND_STATE_CANCELLED:
		c.Status = roostv1.Errorf(roostv1.ErrCancelled, "it was cancelled while no gateway served the device")
	case roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		c.Status = roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the gateway that dispatched it is gone, and no other serves the device")
	default:
		c.Status = roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no gateway serves the device, so nobody can ask it what was done")
	}
	return c
}

// overdueCommand is a command that is to change since nobody ended it in time.
type overdueCommand struct {
	record   *roostv1.CommandRecord
	sequence uint64 // of the record
	next     roostv1.CommandState
}

// overdue returns the commands that are to be ended.
func (w waiting) overdue(now time.Time) []overdueCommand {
	var due []overdueCommand
	for _, r := range w.open {
		record := decodeCommand(r.record)
		if next := nextOverdue(now, record, r.wish != nil, w.spec.GetCommands().Resolve()); next != roostv1.CommandState_COMMAND_STATE_UNSPECIFIED {
			due = append(due, overdueCommand{record, r.sequence, next})
		}
	}
	return due
}

// nextOverdue returns the state that a command is to enter that nobody ended in time, or that is to be cancelled;
// unspecified if there is none.
func nextOverdue(now time.Time, r *roostv1.CommandRecord, cancel bool, bounds roostv1.CommandBounds) roostv1.CommandState {
	if cancel && r.State.MayBecome(roostv1.CommandState_COMMAND_STATE_CANCELLED) {
		return roostv1.CommandState_COMMAND_STATE_CANCELLED
	}
	_, expires := r.Times(bounds)
	if now.Before(expires.Add(sweepGrace)) {
		return roostv1.CommandState_COMMAND_STATE_UNSPECIFIED
	}
	switch r.State {
	case roostv1.CommandState_COMMAND_STATE_ACCEPTED, roostv1.CommandState_COMMAND_STATE_QUEUED:
		return roostv1.CommandState_COMMAND_STATE_EXPIRED
	case roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		return roostv1.CommandState_COMMAND_STATE_UNKNOWN
	case roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		if now.Sub(lastChange(r)) >= sweepSettle {
			return roostv1.CommandState_COMMAND_STATE_INDETERMINATE
		}
	}
	return roostv1.CommandState_COMMAND_STATE_UNSPECIFIED
}

// lastChange is when a command entered its state.
func lastChange(r *roostv1.CommandRecord) time.Time {
	if len(r.Transitions) == 0 {
		return time.Time{}
	}
	return r.Transitions[len(r.Transitions)-1].GetAt().AsTime()
}
