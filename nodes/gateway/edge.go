package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/roost-iot/roost/nodes/health"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// edge is what a gateway does while its hub is away.
type edge interface {
	// SubmitLocal has a command accepted here, for a device that this gateway alone can reach, and answers
	// with its final record, or the present one when wait is over. The error is ErrUnavailable while
	// the hub is there.
	SubmitLocal(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error))
	// LocalStory tells why a device is where it is, as far as this gateway knows.
	LocalStory(device string) (*roostv1.Story, error)
	// HubAway returns for how long the hub has been away; false while it is there.
	HubAway() (time.Duration, bool)
}

// edge returns it: the cluster's, where that has it.
func (g *Gateway) edge() edge {
	if e, ok := any(g.cluster).(edge); ok {
		return e
	}
	return &g.withoutEdge
}

func (g *Gateway) hubAway() (time.Duration, bool) { return g.edge().HubAway() }

// spoolState is what the spool does; nil: there is none.
func (g *Gateway) spoolState() *health.Spool { return nil }

// withoutEdge tells what is known of a device, and refuses commands.
type withoutEdge struct {
	gateway *Gateway

	mu    sync.Mutex
	since time.Time // when it was first seen that the hub is away
}

func (w *withoutEdge) SubmitLocal(_ context.Context, _ *roostv1.Command, _ time.Duration, answer func(*roostv1.CommandRecord, error)) {
	answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "commands without the hub are not available in this build"))
}

func (w *withoutEdge) LocalStory(device string) (*roostv1.Story, error) {
	g := w.gateway
	v, ok := g.actors.View(device)
	if !ok {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "gateway %s does not serve device %s", g.id, device)
	}
	picture := g.cluster.Picture()
	story := &roostv1.Story{
		DeviceId: device, Bus: v.Spec.BusID(), Owner: g.id, Incarnation: g.cluster.Incarnation(), Epoch: v.Status.Epoch,
		Attached: v.Spec.Attached(), Status: v.Status, Takeovers: picture.Takeovers(v.Spec.BusID()),
	}
	_, devices := picture.Bus(story.Bus)
	for _, d := range devices {
		story.BusDevices = append(story.BusDevices, d.Id)
	}
	return story, nil
}

func (w *withoutEdge) HubAway() (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.gateway.cluster.Standing().Connected:
		w.since = time.Time{}
		return 0, false
	case w.since.IsZero():
		w.since = time.Now()
	}
	return time.Since(w.since), true
}
