package actors

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// status describes the device, with the last of every resource if that is asked for.
func (s *supervisor) status(resources bool) *roostv1.DeviceStatus {
	spec := s.charge.spec
	status := &roostv1.DeviceStatus{
		DeviceId:     spec.Id,
		State:        s.shownState(),
		Gateway:      s.env.id,
		Epoch:        s.charge.epoch,
		Bus:          spec.BusID(),
		Profile:      spec.Profile,
		Driver:       spec.Driver,
		AdminState:   spec.AdminState,
		LastSeen:     seen(s.lastSeen),
		Restarts:     s.counters.GetRestarts(),
		LastError:    s.lastError,
		LastErrorAt:  timestamp(s.lastErrorAt),
		NextAttempt:  timestamp(s.nextTry),
		SpecRevision: spec.Revision,
		Labels:       maps.Clone(spec.Labels),
		Counters:     s.countersNow(),
		Incarnation:  s.incarnation,
		OpenCommands: uint32(s.commands.open()),
	}
	status.DesiredRevision, status.AppliedRevision = s.desire.revisions()
	if resources {
		status.Resources = s.resources(true)
	}
	return status
}

func (s *supervisor) shownState() roostv1.DeviceState {
	if s.suspended {
		return roostv1.DeviceState_DEVICE_STATE_SUSPENDED
	}
	return s.state
}

func (s *supervisor) countersNow() *roostv1.DeviceCounters {
	c := &roostv1.DeviceCounters{}
	if s.counters != nil {
		c = proto.CloneOf(s.counters)
	}
	c.ReadingsStored = s.storedCount
	return c
}

// resources tells the last of every resource that was sampled, or is desired where that counts; with
// names, of these only.
func (s *supervisor) resources(desired bool, names ...string) []*roostv1.ResourceState {
	var states []*roostv1.ResourceState
	for i, r := range s.charge.model.profile.Resources {
		if len(names) > 0 && !slices.Contains(names, r.Name) {
			continue
		}
		state := &roostv1.ResourceState{Resource: r.Name}
		wanted := s.desire.show(state)
		if i < len(s.readings.sampler.last) && s.readings.sampler.last[i].at != 0 {
			s.readings.sampler.last[i].show(state)
			state.Detail = s.readings.sampler.details[i]
		} else if !wanted || !desired {
			continue
		}
		states = append(states, state)
	}
	return states
}

func (l *lastSample) show(state *roostv1.ResourceState) {
	state.Value, state.AcquiredAt = l.value, seen(l.at)
	state.Quality, state.Reason = roostv1.Quality(l.grade.quality), roostv1.QualityReason(l.grade.reason)
}

// show tells what is desired of a resource, and reports whether anything is.
func (d *desire) show(state *roostv1.ResourceState) bool {
	if d == nil || d.wish.GetValues()[state.Resource].GetKind() == nil {
		return false
	}
	state.Desired = d.wish.Values[state.Resource]
	state.DesiredRevision, state.AppliedRevision = d.wish.GetRevisions()[state.Resource], d.applied[state.Resource]
	return true
}

// timestamp is nil for the zero time.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func seen(unixNano int64) *timestamppb.Timestamp {
	if unixNano == 0 {
		return nil
	}
	return timestamppb.New(time.Unix(0, unixNano))
}
