package cluster

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// endOrphans ends the commands of devices that are not this gateway's any more: they were retired, or moved, while the
// hub was away. Nobody else knows of these commands.
func (m *merger) endOrphans() {
	now := m.clock.Now()
	orphans := map[string]boottime.Instant{}
	for _, c := range m.edge.those(func(c *localCommand) bool { return !c.last.State.Final() }) {
		r := c.Record
		if _, served := m.desk.servedUnder(r.DeviceId); served || !m.settled(m.keeper.standing().self, r.Bus) {
			continue
		}
		key := commandKey(r.DeviceId, r.CommandId)
		since, known := m.orphans[key]
		if !known {
			since = now
		}
		orphans[key] = since
		if now.Sub(since) >= orphanGrace {
			m.endOrphan(c)
		}
	}
	m.orphans = orphans
}

// endOrphan ends a command as far as anybody can know any more.
func (m *merger) endOrphan(c *roostv1.LocalCommand) {
	hub, _, known := m.hub.Now()
	if !known {
		return
	}
	r := m.edge.under(c, c.Record.Bus, m.picture.Owner(c.Record.Bus).Epoch, m.picture.Device(c.Record.DeviceId).GetCommands().Resolve())
	why := roostv1.Errorf(roostv1.ErrNotFound, "device %s is not served by gateway %s any more", r.DeviceId, m.id)
	states := []roostv1.CommandState{roostv1.CommandState_COMMAND_STATE_REJECTED}
	switch r.State {
	case roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		states = []roostv1.CommandState{roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.CommandState_COMMAND_STATE_INDETERMINATE}
	case roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		states = []roostv1.CommandState{roostv1.CommandState_COMMAND_STATE_INDETERMINATE}
	}
	for _, state := range states {
		change := roostv1.Change{State: state, At: hub, Gateway: m.id, Epoch: r.Epoch, Status: why, Effect: roostv1.Effect_EFFECT_UNKNOWN}
		if err := r.Enter(change); err != nil {
			m.log.Error("a command of a device that is gone was not ended", "command", r.CommandId, "error", err)
			return
		}
	}
	m.edge.record(r.Bus, m.picture.Owner(r.Bus).Epoch, r, func(error) {})
}

// besideID returns the id under which a command is merged whose own names another one at the hub: the same each time.
func besideID(id, gateway string) string {
	const most = 64 // of an id
	sum := sha256.Sum256([]byte(id + " " + gateway))
	suffix := "-local-" + hex.EncodeToString(sum[:4])
	return id[:min(len(id), most-len(suffix))] + suffix
}
