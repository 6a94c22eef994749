package cluster

import (
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxStatusPage is the most devices of one answer.
	maxStatusPage = 500
	// countsAge is how old the counts in a gateway's status may be at most: they cost a walk over
	// all of its devices. Where that is quick, they are newer: it takes countsShare of the time.
	countsAge   = time.Second
	countsShare = 20 // one part in so many
)

// gatewayStatus describes a gateway. Its methods may be called concurrently.
type gatewayStatus struct {
	keeper  *keeper
	hub     *HubClock
	hearing *hearing
	edge    *Edge // nil: there is none
	host    Host
	spool   func() *roostv1.SpoolStatus // nil: there is none
	mu      sync.Mutex
	counted time.Time
	took    time.Duration
	last    *roostv1.GatewayStatus
}

// now returns where the gateway stands, with counts that are new enough.
func (s *gatewayStatus) now() *roostv1.GatewayStatus {
	status := s.standing()
	counts := s.counts()
	status.Buses, status.Devices, status.DevicesOnline = counts.Buses, counts.Devices, counts.DevicesOnline
	status.AbandonedRunning = counts.AbandonedRunning
	if s.spool != nil {
		status.Spool = s.spool()
	}
	return status
}

// counts returns the counts. They must not be changed.
func (s *gatewayStatus) counts() *roostv1.GatewayStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if began := time.Now(); s.last == nil || began.Sub(s.counted) > min(countsAge, countsShare*s.took) {
		s.last, s.counted = s.count(), time.Now()
		s.took = s.counted.Sub(began)
	}
	return s.last
}

func (s *gatewayStatus) count() *roostv1.GatewayStatus {
	status := &roostv1.GatewayStatus{}
	buses := make(map[string]bool)
	for after, more := "", true; more; {
		var page []*roostv1.DeviceStatus
		page, more = s.host.Statuses(after, maxStatusPage)
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			buses[d.Bus] = true
			status.Devices++
			status.AbandonedRunning += d.GetCounters().GetAbandonedRunning()
			if d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE {
				status.DevicesOnline++
			}
		}
		after = page[len(page)-1].DeviceId
	}
	status.Buses = uint64(len(buses))
	return status
}

// standing is where the gateway stands.
func (s *gatewayStatus) standing() *roostv1.GatewayStatus {
	stand := s.keeper.standing()
	status := memberStatus(s.keeper.base)
	status.Incarnation = stand.self.incarnation
	status.State = roostv1.MemberState_MEMBER_STATE_LIVE
	if stand.draining {
		status.State = roostv1.MemberState_MEMBER_STATE_DRAINING
	}
	status.Suspended = stand.phase != phaseHolding
	status.Lease = durationpb.New(s.keeper.terms.Lease)
	if ahead, ok := s.hub.Ahead(); ok {
		status.ClockAhead = durationpb.New(ahead)
	}
	s.withoutHub(status)
	return status
}

// memberStatus is what a gateway's record says of it.
func memberStatus(m *roostv1.Member) *roostv1.GatewayStatus {
	return &roostv1.GatewayStatus{
		GatewayId: m.GatewayId, Incarnation: m.Incarnation, State: m.State, Host: m.Host, Pid: m.Pid,
		Version: m.Version, Labels: m.Labels, StartedAt: m.StartedAt, Lease: m.Lease,
	}
}
