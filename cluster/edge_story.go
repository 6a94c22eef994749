package cluster

import (
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// LocalStory tells about one device of this gateway why it is where it is, by what this gateway alone knows. The error is
// ErrNotFound if it knows of no such device.
func (g *Gateway) LocalStory(device string) (*roostv1.Story, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	spec := g.picture.Device(device)
	if spec == nil {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "gateway %s knows of no device %s", g.config.ID, device)
	}
	bus := spec.BusID()
	s := &storyteller{device: device, bus: bus, picture: g.picture, told: map[string]told{}}
	story := s.story(spec)
	story.Events, story.Takeovers = g.recent.of(device, bus), g.picture.Takeovers(bus)
	if epoch, served := g.desk.servedUnder(device); served {
		story.Owner, story.Incarnation, story.Epoch = g.config.ID, g.Incarnation(), epoch
		if g.service.isAlone(bus, epoch) {
			story.RegistryRevision = g.config.Edge.kept.GetRevision()
		}
	}
	if status, ok := g.config.Host.Status(device); ok {
		story.Status = status
	}
	return story, nil
}

// Status describes this gateway, as it tells others.
func (g *Gateway) Status() *roostv1.GatewayStatus { return g.status.now() }

// withoutHub adds to a gateway's status what is about running without the hub.
func (s *gatewayStatus) withoutHub(status *roostv1.GatewayStatus) {
	if s.edge != nil {
		status.RegistryRevision = s.edge.revision.Load()
	}
	if silent, away := s.hearing.away(); away {
		status.HubAway = durationpb.New(silent)
	}
}
