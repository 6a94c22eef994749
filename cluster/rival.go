package cluster

import (
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// rival is another process that has, or had, this gateway's name.
type rival struct {
	record   lease.Record // that was in the way; zero: none was
	last     uint64       // sequence of its last record that came with the picture
	advances int          // how often that one changed since
}

// livingRenewals is how often a rival's record must change before it counts as alive. One change can be
// what was on its way when the process was killed.
const livingRenewals = 2

// seen takes notice of the last record on the own subject. The error says that the rival lives.
func (r *rival) seen(id string, s sighting) error {
	if r.record.Sequence == 0 || s.record.Incarnation != r.record.Incarnation || s.member == nil ||
		s.member.State == roostv1.MemberState_MEMBER_STATE_EVICTED {
		return nil
	}
	if r.last > 0 && s.record.Sequence > r.last {
		r.advances++
	}
	r.last = max(r.last, s.record.Sequence)
	if r.advances < livingRenewals {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrConflict,
		"gateway %s is running already, on host %s as process %d: stop that one, or give this one another --id",
		id, s.member.Host, s.member.Pid)
}

// probeLife is how long the hub keeps what a gateway writes that waits for its name.
const probeLife = "60s"

// probes are what a gateway writes that has no lease to renew yet, to see that the hub is there.
type probes struct {
	count   uint64
	ordered map[uint64]boottime.Instant // those that have not come back
	last    boottime.Instant
}

// probe writes one if it is time: while another process has the name.
func (k *keeper) probe(now boottime.Instant) {
	if k.holder.Blocker().Sequence == 0 {
		k.probes.ordered = nil
		return
	}
	if k.probes.last > 0 && now.Sub(k.probes.last) < k.terms.Interval() {
		return
	}
	p := &k.probes
	p.count++
	p.last = now
	if p.ordered == nil || len(p.ordered) > 4*courierRoom {
		p.ordered = map[uint64]boottime.Instant{}
	}
	p.ordered[p.count] = now
	record := &roostv1.Member{
		GatewayId: k.id, Incarnation: k.standing().self.incarnation, Renewal: p.count, Host: k.base.Host, Pid: k.base.Pid,
	}
	data, err := roostv1.Marshal(record, false)
	if err == nil {
		err = k.out.post(k.names.Probe(k.id), data, nats.Header{jetstream.MsgTTLHeader: {probeLife}})
	}
	if err != nil {
		k.log.Debug("probe not sent", "error", err)
	}
}

// seenProbe takes notice of an own probe that has come with the picture.
func (k *keeper) seenProbe() {
	m := k.picture.probeOf(k.id)
	switch {
	case m == nil:
		return
	case m.Incarnation != k.standing().self.incarnation:
		k.seenTwin(m)
		return
	}
	if ordered, ok := k.probes.ordered[m.Renewal]; ok {
		delete(k.probes.ordered, m.Renewal)
		k.evictor.Renewed(k.clock.Now(), ordered)
	}
}
