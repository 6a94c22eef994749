package cluster

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What the keeper makes of the records that come with the picture, and of peers that fell silent.

// seen takes notice of what came with the picture.
func (k *keeper) seen(keys []Key) {
	for _, key := range keys {
		switch {
		case key.Kind == KindMember:
			k.seenMember(key.ID)
		case key.ID == k.id:
			k.seenProbe()
		}
	}
}

func (k *keeper) seenMember(gateway string) {
	s := k.picture.sight(gateway)
	now := k.clock.Now() // after it was received
	k.evictor.Saw(now, gateway, s.record)
	if gateway != k.id {
		return
	}
	if s.record.Incarnation == k.standing().self.incarnation {
		if ordered, ok := k.holder.Sent(s.record.Renewal); ok {
			k.evictor.Renewed(now, ordered)
			k.hub.learn(s.stored, ordered, now)
		}
	}
	k.err = k.rival.seen(k.id, s)
	k.saw(now, s.record)
}

// evict writes that a gateway's lease has run out, or if that is not new, that it still is so. What
// becomes of it comes with the picture.
func (k *keeper) evict(e lease.Eviction, isNew bool) {
	m := &roostv1.Member{GatewayId: e.Gateway}
	if known := k.picture.sight(e.Gateway).member; known != nil {
		m = proto.CloneOf(known)
	}
	m.Incarnation, m.State = e.Incarnation, roostv1.MemberState_MEMBER_STATE_EVICTED
	m.EvictedBy, m.Nonce = k.id, newNonce()
	w := recordWrite(k.names.Member(e.Gateway), e.Expect, m)
	w.forever = true
	err := k.out.write(w, func(ack pubAck, err error) {
		switch {
		case err != nil:
			k.log.Debug("eviction refused", "gateway", e.Gateway, "error", err)
		case isNew:
			k.log.Warn("gateway evicted", "evicted", e.Gateway, "incarnation", e.Incarnation, "sequence", ack.Sequence)
			if e.Gateway != k.id {
				k.tell("evicted gateway " + e.Gateway + ": its lease had run out")
			}
		}
	})
	if err != nil {
		k.log.Debug("eviction not sent", "gateway", e.Gateway, "error", err)
	}
}

// settle finds out about a gateway that owns a bus by a record that is younger than its end.
func (k *keeper) settle(ctx context.Context, gateway string) {
	k.do(ctx, func() {
		if e, ok := k.evictor.Settle(k.clock.Now(), gateway); ok {
			k.evict(e, false)
		}
	})
}
