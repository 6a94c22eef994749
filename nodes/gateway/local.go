package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// local is a gateway as those on its machine see it: a control.Fleet.
type local struct{ *Gateway }

// Local is what a control.Server offers.
func (g *Gateway) Local() control.Fleet { return local{g} }

// Statuses implements [control.Fleet].
func (l local) Statuses(after string, limit int) ([]*roostv1.DeviceStatus, bool) {
	return l.actors.Statuses(after, limit)
}

// Buses implements [control.Fleet].
func (l local) Buses(after string, limit int) ([]*roostv1.BusStatus, bool) {
	return l.actors.Buses(after, limit)
}

// Device implements [control.Fleet].
func (l local) Device(id string) (control.Device, bool) {
	v, ok := l.actors.View(id)
	return control.Device(v), ok
}

// Story implements [control.Fleet].
func (l local) Story(device string) (*roostv1.Story, error) {
	story, err := l.cluster.LocalStory(device)
	if err != nil {
		return nil, err
	}
	self := slices.IndexFunc(story.Candidates, func(c *roostv1.Candidate) bool { return c.GatewayId == l.id })
	if self < 0 { // the hub has not told yet of anybody
		self = 0
		story.Candidates = slices.Insert(story.Candidates, 0, &roostv1.Candidate{
			GatewayId: l.id, Eligible: true, Rank: 1, State: roostv1.MemberState_MEMBER_STATE_LIVE,
		})
	}
	story.Candidates[self].Answers, story.Candidates[self].Suspended = true, l.cluster.Standing().Suspended
	return story, nil
}

// Submit implements [control.Fleet].
func (l local) Submit(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error)) {
	l.cluster.SubmitLocal(ctx, c, wait, answer)
}

// Tap implements [control.Fleet].
func (l local) Tap() *control.Tap { return l.tap }

// tapped is a Store that shows those on this machine what was stored.
type tapped struct {
	store actors.Store
	tap   *control.Tap
}

// Store implements [actors.Store].
func (t tapped) Store(b *roostv1.ReadingBatch, done func(error)) {
	t.store.Store(b, func(err error) {
		if err == nil {
			t.tap.Note(b)
		}
		done(err)
	})
}

// Last is the last sequence of a device that the store has under an epoch, if it is one that knows.
func (t tapped) Last(device string, epoch uint64) uint64 {
	if knows, ok := t.store.(interface {
		Last(device string, epoch uint64) uint64
	}); ok {
		return knows.Last(device, epoch)
	}
	return 0
}
