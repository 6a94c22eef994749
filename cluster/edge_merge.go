package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// mergeEvery is how often it is looked what can be merged, should nothing call for it.
	mergeEvery = 250 * time.Millisecond
	// mergePatience is how long one write to the hub is tried, before it is looked again whether it is to be.
	mergePatience = 5 * time.Second
	// orphanGrace is for how long nobody must have the device of a command before the command is ended.
	orphanGrace = 5 * time.Second
)

// merger brings the commands that this gateway took while the hub was away into the control stream, once they have
// ended. Each is written where nothing is recorded of it: that its bus is owned again is asked before, and is no
// condition at the hub, which takes only one. A record that has ended makes nobody act, whoever owns the bus meanwhile.
// A file is removed when the hub has its record.
type merger struct {
	id      string
	labels  map[string]string
	names   Subjects
	edge    *Edge
	picture *Picture
	journal *Journal
	desk    *desk
	keeper  *keeper
	hub     *HubClock
	clock   boottime.Clock
	report  func(*roostv1.Event)
	log     *slog.Logger
	orphans map[string]boottime.Instant // commands whose device nobody has here, by key: since when
}

func newMerger(g *Gateway) *merger {
	return &merger{
		id: g.config.ID, labels: g.config.Labels, names: g.names, edge: g.config.Edge, picture: g.picture, journal: g.journal,
		desk: g.desk, keeper: g.keeper, hub: g.hub, clock: g.clock, report: g.Emit, log: g.log, orphans: map[string]boottime.Instant{},
	}
}

// run merges until ctx ends.
func (m *merger) run(ctx context.Context) error {
	ticker := time.NewTicker(mergeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.edge.changed:
		case <-ticker.C:
		}
		m.merge()
	}
}

// merge has all that can be merged now written.
func (m *merger) merge() {
	stand := m.keeper.standing()
	now, _, known := m.hub.Now()
	if !known || stand.phase != phaseHolding || !m.picture.has(stand.joined) {
		return
	}
	for _, c := range m.edge.over() {
		if m.settled(stand.self, c.Record.Bus) && m.edge.setMerging(c, true) {
			m.begin(c, now)
		}
	}
	m.edge.forgetSettled(m.picture.Passed())
	m.endOrphans()
}

// settled reports whether a bus is this gateway's again, or is not for it any more.
func (m *merger) settled(self self, bus string) bool {
	if self.owns(m.picture.Owner(bus)) {
		return !m.desk.servesAlone(bus)
	}
	return !m.picture.attachedTo(bus, m.id, m.labels)
}

// merging is one command on its way to the hub.
type merging struct {
	*merger
	command *roostv1.LocalCommand
	record  *roostv1.CommandRecord // with the hub's times
	key     string
}

func (m *merger) begin(c *roostv1.LocalCommand, now time.Time) {
	w := &merging{merger: m, command: c, record: m.edge.onHubTime(c, now), key: commandKey(c.Record.DeviceId, c.Record.CommandId)}
	w.create(w.record, w.met, w.merged)
}

// create writes a record where nothing is, and calls then when it is there.
func (w *merging) create(r *roostv1.CommandRecord, met func(there *stored), then func()) {
	data, _, err := fitRecord(r)
	if err != nil {
		w.later(err)
		return
	}
	w.journal.create(w.names.Command(r.DeviceId, r.CommandId), data, wholeSeconds(w.journal.dedup), w.clock.Now().Add(mergePatience),
		func(_ uint64, there *stored, err error) {
			switch {
			case there != nil:
				met(there)
			case err != nil:
				w.later(err)
			default:
				then()
			}
		})
}

// met goes on where the hub has a record of that id. It may be this one, whose file was not removed yet, also as it was
// before evidence came. One of
// the same command of which nothing was sent yet was sent to the hub as well: this is how it ended. Any other stays as
// it is, and this one goes beside it: what was sent under it has an end of its own.
func (w *merging) met(there *stored) {
	r, err := readCommand(w.key, there.data, there.sequence, there.at)
	owner := w.picture.Owner(w.record.Bus)
	switch {
	case err == nil && r.Nonce == w.record.Nonce:
		w.record.Order = r.Order
		w.replaced(there.sequence, nil)
	case err == nil && sameStory(r, w.record): // evidence has come since it was written there
		w.record.Order = r.Order
		if !w.keeper.standing().self.owns(owner) {
			w.replaced(there.sequence, nil) // nothing is added to what is another's
			return
		}
		w.journal.recordAs(w.record.Nonce, w.record.Bus, owner.Epoch, w.record, w.replaced)
	case err == nil && !r.State.Final() && r.Attempt == 0 && roostv1.BodyEqual(r.Command, w.record.Command) && w.keeper.standing().self.owns(owner):
		w.record.Order = r.Order
		w.learn("it was sent to the hub as well, and was carried out while the hub was away")
		w.journal.recordAs(w.record.Nonce, w.record.Bus, owner.Epoch, w.record, w.replaced)
	default:
		w.beside()
	}
}

func (w *merging) replaced(sequence uint64, err error) {
	if err != nil {
		w.later(err)
		return
	}
	w.edge.settle(w.key, settled{order: w.record.Order, until: sequence}) // the picture may have it as open for a moment
	w.merged()
}

// beside writes the record under an id of its own.
func (w *merging) beside() {
	id := w.record.CommandId
	w.record.CommandId = besideID(id, w.id)
	w.record.Command.Id = w.record.CommandId
	w.learn("it was taken as " + id + " while the hub was away, and the hub has another record of that id")
	then := func() {
		w.report(&roostv1.Event{
			DeviceId: w.record.DeviceId, Bus: w.record.Bus, Kind: roostv1.EventKind_EVENT_KIND_COMMAND,
			Message: "command " + id + " was carried out while the hub was away, and the hub has another record of that id: it is recorded as " + w.record.CommandId,
			Status:  roostv1.Errorf(roostv1.ErrConflict, "one id names two commands"),
		})
		w.merged()
	}
	w.create(w.record, func(there *stored) {
		r := &roostv1.CommandRecord{}
		if err := readRecord(there.data, r); err != nil || r.Nonce != w.record.Nonce && !sameStory(r, w.record) {
			w.later(roostv1.Errorf(roostv1.ErrConflict, "the hub has another record of %s too", w.record.CommandId))
			return
		}
		w.merged()
	}, then)
}

func (w *merging) learn(text string) {
	w.record.Learn(&roostv1.Evidence{At: w.record.GetFinishedAt(), Gateway: w.id, Text: text})
}

// merged removes the file: the hub has the record. If that has gone on meanwhile, it is merged once more.
func (w *merging) merged() {
	w.edge.remove(w.command, func(error) { w.desk.handLocal(w.command.Record.DeviceId) })
}

// later has it tried again.
func (w *merging) later(err error) {
	w.log.Debug("command was not merged yet", "command", w.key, "error", err)
	w.edge.setMerging(w.command, false)
}
