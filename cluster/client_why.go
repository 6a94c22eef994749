package cluster

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Why tells about one device why it is where it is: what the hub has on record, and what the gateways
// that answer remember. The error is ErrNotFound if there is no such device.
func (c *Client) Why(ctx context.Context, device string) (*roostv1.Story, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	spec := &roostv1.DeviceSpec{}
	found, err := c.get(ctx, c.names.Device(device), spec)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	}
	bus := spec.BusID()
	if err := roostv1.CheckID("bus id", bus); err != nil {
		return nil, err
	}
	s := &storyteller{device: device, bus: bus}
	if s.picture, err = c.listStory(ctx, bus); err != nil {
		return nil, err
	}
	s.told = c.askStories(ctx, s.picture, device, bus)
	return s.story(spec), nil
}

// listStory lists what places a bus, and who owns it since when.
func (c *Client) listStory(ctx context.Context, bus string) (*Picture, error) {
	picture := NewPicture(c.names)
	return picture, listInto(ctx, c.data, picture, c.names.Device("*"), c.names.Member("*"), c.names.Owner(bus))
}

// storyteller puts together what is on record and what was told.
type storyteller struct {
	device, bus string
	picture     *Picture
	told        map[string]told // by gateways that answer
}

func (s *storyteller) story(spec *roostv1.DeviceSpec) *roostv1.Story {
	owner, demand := s.picture.Demand(s.bus)
	_, attached := demand.Attached()
	story := &roostv1.Story{
		DeviceId: s.device, Bus: s.bus, Owner: owner.Gateway, Incarnation: owner.Incarnation, Epoch: owner.Epoch,
		Attached: attached, Candidates: s.candidates(demand), Status: unserved(spec),
		Takeovers: s.takeovers(), Events: s.events(),
	}
	_, devices := s.picture.Bus(s.bus)
	for _, d := range devices {
		story.BusDevices = append(story.BusDevices, d.Id)
	}
	if status := s.told[owner.Gateway].device; status != nil {
		story.Status = status
	}
	return story
}

// candidates returns the eligible gateways in the order of their rank, then the others.
func (s *storyteller) candidates(demand placement.Demand) []*roostv1.Candidate {
	all := newField("", lease.Terms{})
	for _, m := range s.picture.Members() {
		all.update(0, m.GatewayId, s.picture.sight(m.GatewayId))
	}
	all.make(0)
	able := all.free.meeting(demand)
	var list []*roostv1.Candidate
	for _, m := range s.picture.Members() {
		c := &roostv1.Candidate{GatewayId: m.GatewayId, State: m.State}
		if told, ok := s.told[m.GatewayId]; ok && told.incarnation == m.Incarnation {
			c.Answers, c.Suspended = true, told.suspended
		}
		if rank, ok := able.Rank(s.bus, m.GatewayId); ok {
			c.Eligible, c.Rank = true, uint32(rank)+1
		} else {
			c.Reason = reason(m, demand)
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b *roostv1.Candidate) int {
		return cmp.Compare(a.Rank-1, b.Rank-1) // 0 is behind all others
	})
	return list
}

// reason says why a gateway cannot own the bus.
func reason(m *roostv1.Member, demand placement.Demand) string {
	switch m.State {
	case roostv1.MemberState_MEMBER_STATE_LEFT:
		return "left"
	case roostv1.MemberState_MEMBER_STATE_EVICTED:
		return "evicted by " + m.EvictedBy
	case roostv1.MemberState_MEMBER_STATE_DRAINING:
		return "draining"
	}
	return cmp.Or(demand.Unmet(m.GatewayId, m.Labels), "it has not joined")
}

// takeovers returns the changes of owner that anybody knows of, each once.
func (s *storyteller) takeovers() []*roostv1.Takeover {
	known := map[uint64]*roostv1.Takeover{}
	note := func(list []*roostv1.Takeover) {
		for _, t := range list {
			known[t.Epoch] = t
		}
	}
	for _, t := range s.told {
		note(t.takeovers)
	}
	note(s.picture.Takeovers(s.bus)) // the hub has the last word
	list := make([]*roostv1.Takeover, 0, len(known))
	for _, t := range known {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *roostv1.Takeover) int { return cmp.Compare(a.Epoch, b.Epoch) })
	return list
}

// events returns what gateways remember, in the order of their clocks, each once.
func (s *storyteller) events() []*roostv1.Event {
	var list []*roostv1.Event
	for _, m := range s.picture.Members() { // in one order, whoever answered first
		for _, e := range s.told[m.GatewayId].events {
			if e.Gateway == "" {
				e.Gateway = m.GatewayId
			}
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *roostv1.Event) int {
		return a.GetAt().AsTime().Compare(b.GetAt().AsTime())
	})
	return slices.CompactFunc(list, func(a, b *roostv1.Event) bool { return proto.Equal(a, b) })
}
