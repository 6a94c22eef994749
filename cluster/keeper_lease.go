package cluster

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What the keeper does for the own lease.

// take does what the holder asks for: first what has changed counts.
func (k *keeper) take(step lease.Step) {
	if k.standing().phase == phaseLost {
		return // what an answer says that comes so late is over
	}
	k.fence.set(k.holder.Fence())
	k.turn(step.Change)
	var err error
	switch step.Action {
	case lease.WriteRecord:
		err = k.renew(step.Write)
	case lease.ReadRecord:
		err = k.readBack()
	}
	if err != nil { // the hub is away; the holder asks again in time
		k.log.Debug("lease: not sent", "error", err)
	}
	if k.holder.Late() == lateRenewals {
		k.log.Warn("renewals are accepted too late to act on: the hub is further away than the lease is long", "lease", k.terms.Lease)
	}
}

// turn takes notice of what became of the lease.
func (k *keeper) turn(change lease.Change) {
	s := k.standing()
	switch change {
	case lease.Granted:
		s.phase, s.joined = phaseHolding, k.last
		k.tell("joined")
		select {
		case <-k.joined:
		default:
			close(k.joined)
		}
	case lease.Suspended:
		if mutant("no-self-fence") || mutant("no-fence") {
			return
		}
		s.phase = phaseSuspended
		k.tell("is suspended: its lease was not renewed in time")
	case lease.Resumed:
		s.phase = phaseHolding
		k.tell("is no longer suspended")
	case lease.Lost:
		s.phase = phaseLost
		k.tell("lost its lease: shared devices are let go of")
	case lease.Departed:
		s.phase = phaseDeparted
	case lease.Blocked:
		k.rival = rival{record: k.holder.Blocker()}
		k.log.Warn("another process has this gateway's name, or had it: waiting until it leaves or its lease is over",
			"incarnation", k.rival.record.Incarnation, "sequence", k.rival.record.Sequence)
	default:
		return
	}
	k.become(s)
}

// renew writes the own record once more.
func (k *keeper) renew(w lease.Write) error {
	holder := k.holder
	out := recordWrite(k.names.Member(k.id), w.Expect, k.record(w))
	out.forever = true
	failpoint("lease.after-read-before-cas", "")
	return k.out.write(out, func(ack pubAck, err error) {
		now := k.clock.Now()
		if k.holder != holder {
			return // of an incarnation that is over
		}
		switch {
		case err == nil:
			k.last = max(k.last, ack.Sequence)
			k.sight.Acked(now, ack.Sequence)
			k.take(holder.Acked(now, w, ack.Sequence))
		case refusedWith(err, codeWrongSequence):
			k.take(holder.Refused(now, w, lease.Mismatch))
		case refusedWith(err, codeWriteInFlight):
			k.take(holder.Refused(now, w, lease.InFlight))
		default:
			k.log.Debug("lease: refused", "error", err)
		}
	})
}

// record is the record of a write. Incarnation and renewal together are unlike those of any other.
func (k *keeper) record(w lease.Write) *roostv1.Member {
	m := proto.CloneOf(k.base)
	m.Incarnation = k.standing().self.incarnation
	m.State, m.Renewal, m.Lease = w.State, w.Renewal, durationpb.New(k.terms.Lease)
	return m
}

// readBack reads the own record at the hub.
func (k *keeper) readBack() error {
	holder := k.holder
	return k.out.read(k.names.Member(k.id), func(sequence uint64, data []byte) {
		now := k.clock.Now()
		if k.holder != holder {
			return
		}
		r := lease.Record{}
		if sequence > 0 {
			r = lease.RecordOf(sequence, readMember(data))
		}
		k.saw(now, r)
	})
}

// saw tells the holder of a record on the own subject.
func (k *keeper) saw(now boottime.Instant, r lease.Record) {
	if r.Incarnation == k.standing().self.incarnation {
		k.last = max(k.last, r.Sequence)
	}
	k.take(k.holder.Saw(now, r))
}
