package lease

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Record is what a lease needs to know of a gateway's record in the control stream. The zero Record
// says that there is none.
type Record struct {
	// Sequence of the record in the control stream; 0: there is none.
	Sequence uint64
	// Incarnation of the gateway that it speaks of.
	Incarnation string
	// Renewal is the number of the write that made it, among those of its incarnation. The two
	// together are the nonce: no two writes have both.
	Renewal uint64
	// State is where the gateway stands.
	State roostv1.MemberState
	// Lease is how long the gateway may act on this record.
	Lease time.Duration
}

// RecordOf returns what a lease needs of a member that stands at a sequence. A nil member is a
// record that could not be read: it counts as live, since nothing says that it is not.
func RecordOf(sequence uint64, m *roostv1.Member) Record {
	return Record{
		Sequence:    sequence,
		Incarnation: m.GetIncarnation(),
		Renewal:     m.GetRenewal(),
		State:       m.GetState(),
		Lease:       m.GetLease().AsDuration(),
	}
}

// live reports whether the record may still let someone act. A state that is not known does.
func (r Record) live() bool {
	switch r.State {
	case roostv1.MemberState_MEMBER_STATE_LEFT, roostv1.MemberState_MEMBER_STATE_EVICTED:
		return false
	}
	return r.Sequence > 0
}

// by reports whether that incarnation wrote the record. An eviction names the one
// that it ends, but is written by a peer.
func (r Record) by(incarnation string) bool {
	return r.Sequence > 0 && r.Incarnation == incarnation && r.State != roostv1.MemberState_MEMBER_STATE_EVICTED
}

// Standing is what a gateway's last record says about an incarnation that was made the owner of a
// bus at some epoch.
type Standing uint8

const (
	// Stands says nothing against it: nothing tells that the incarnation has ended.
	Stands Standing = iota
	// Over says that it has ended: its buses are to be had.
	Over
	// Unsettled says that the gateway had left or was evicted *before* that epoch, as far as the
	// picture goes. It cannot say whether the gateway has come back meanwhile. See Evictor.Settle.
	Unsettled
)

// Standing says how an incarnation stands that was made an owner at an epoch, if this is the last record
// of its gateway that the picture has.
//
// An incarnation joins before it owns anything. So what stands in the place of its joining, and came
// *after the epoch*, came after the joining too, and ended it: it left, after it had stopped; or
// it was evicted, after its fence had passed; or another incarnation took its place, which needs
// one of the two or a proof that its process had ended.
//
// A record that is older than the epoch says nothing. The stream keeps the last record of a subject
// only, so a picture that is behind, or is being listed, may have the owner of a bus and not
// yet the joining of that owner: it has been replaced by a renewal that is further on.
func (r Record) Standing(incarnation string, epoch uint64) Standing {
	switch {
	case r.Sequence < epoch && !r.live():
		return Unsettled
	case r.Sequence < epoch || r.live() && (r.Incarnation == incarnation || r.Incarnation == ""):
		return Stands // also a record that cannot be read: it says nothing against anybody
	}
	return Over
}
