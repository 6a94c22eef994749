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
		NextAttempt:  timestamp(s.nextTry),
		SpecRevision: spec.Revision,
		Labels:       maps.Clone(spec.Labels),
		Counters:     s.countersNow(),
		Incarnation:  s.incarnation,
	}
	if resources {
		status.Resources = s.resources()
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

// resources tells the last of every resource that was sampled; with names, of these only.
func (s *supervisor) resources(names ...string) []*roostv1.ResourceState {
	var states []*roostv1.ResourceState
	for i, l := range s.readings.sampler.last {
		name := s.charge.model.profile.Resources[i].Name
		if l.at == 0 || len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		states = append(states, &roostv1.ResourceState{
			Resource:   name,
			Value:      l.value,
			Quality:    roostv1.Quality(l.grade.quality),
			Reason:     roostv1.QualityReason(l.grade.reason),
			AcquiredAt: seen(l.at),
		})
	}
	return states
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
