package lease

import (
	"cmp"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Evictor is the rule by which a gateway may write `evicted` on the subject of another. It does
// nothing itself: it is told what comes with the picture, and says what to try. One goroutine at
// a time uses it.
//
// A gateway X is evicted if all of this holds:
//
//   - its last record has not changed for its lease + margin, since it was *received* here;
//   - since then own renewals have come through the own picture, over a span of at least the lease,
//     and without a gap of more than half a lease among them, which takes at least three;
//   - the last of them is no older than that.
//
// The first makes it safe, together with the compare-and-set that carries it out: see the package
// documentation. The others make it fair. Whoever writes and reads the same stream without a gap for a
// whole lease knows that X could have, and that he would have seen it. So nobody is evicted
// since the hub was away, nor by a gateway that looks at an old picture.
//
// The gap matters: three renewals of which one was made before the hub went away, and two after it
// came back, span a lease easily and tell nothing.
type Evictor struct {
	terms Terms
	peers []*peer          // in the order of their ids
	last  boottime.Instant // when the last own renewal that came through was ordered; 0: none
}

// peer is what is known of one gateway.
type peer struct {
	gateway string
	record  Record
	since   boottime.Instant // when the record was received
	tried   boottime.Instant // when an eviction of it was last asked for; 0: never
	first   boottime.Instant // when the first own renewal was ordered since then, without a gap after it; 0: none
}

// Eviction is a record to write: `evicted`, on the gateway's subject, in place of the record with the
// expected sequence. Whether it was accepted, refused, or got no answer need not be reported:
// what became of the gateway comes with the picture.
type Eviction struct {
	Gateway     string
	Incarnation string
	Expect      uint64
}

// Verdict is what the rule says of a gateway.
type Verdict uint8

const (
	// Absent says that the gateway has no record that could let it act.
	Absent Verdict = iota
	// Renewed says that its record is younger than its lease + margin.
	Renewed
	// Unproven says that the hub, or the own picture, was not there for long enough since.
	Unproven
	// Silent says that it may be evicted.
	Silent
)

// NewEvictor returns the rule for a gateway with these terms. The error is ErrInvalid.
func NewEvictor(terms Terms) (*Evictor, error) {
	if err := terms.Validate(); err != nil {
		return nil, err
	}
	return &Evictor{terms: terms.withDefaults()}, nil
}

// Saw tells that the picture has a record of a gateway, and that it had been received when the
// clock was read. The same record may come again, after the stream was listed anew. Own records
// are told like all others.
func (e *Evictor) Saw(now boottime.Instant, gateway string, r Record) {
	p := e.peer(gateway)
	if r.Sequence <= p.record.Sequence {
		return // it was held before; that it comes again does not make it younger
	}
	*p = peer{gateway: gateway, record: r, since: now}
}

// Renewed tells that an own renewal has come through the own picture, and when it was ordered: see
// Holder.Sent. What the hub acknowledges does not count, since it does not prove that the
// picture is not an old one.
//
// A gateway that waits for its own name, and so has no lease to renew, tells of other writes to the
// same stream in place of renewals, as many.
func (e *Evictor) Renewed(now, ordered boottime.Instant) {
	if ordered <= e.last {
		return // it came again
	}
	gap := now.Sub(e.last) > e.maxGap()
	e.last = ordered
	for _, p := range e.peers {
		if gap {
			p.first = 0
		}
		if p.first == 0 && p.since.Before(ordered) { // else the record may have been committed after it
			// It was committed between its order and now. Its way may have been long, while the
			// hub was not there: no more of it counts than a renewal takes in good times.
			p.first = max(ordered, now.Add(-e.terms.Interval()))
		}
	}
}

// maxGap is the longest time from the order of one own renewal until the next one has come
// through, with no doubt that the hub was there in between.
func (e *Evictor) maxGap() time.Duration { return 2 * e.terms.Interval() }

// Judge says how it stands with a gateway.
func (e *Evictor) Judge(now boottime.Instant, gateway string) Verdict {
	if i, found := e.find(gateway); found {
		return e.judge(now, e.peers[i])
	}
	return Absent
}

func (e *Evictor) judge(now boottime.Instant, p *peer) Verdict {
	if !p.record.live() {
		return Absent
	}
	granted := e.terms.granted(p.record.Lease)
	if now.Sub(p.since) < e.terms.patience(granted) {
		return Renewed
	}
	if p.first == 0 || e.last.Sub(p.first) < granted || now.Sub(e.last) > e.maxGap() {
		return Unproven
	}
	return Silent
}

// Due returns what to try now: every gateway that is silent, in the order of their ids. One that
// was returned is not returned again for an interval.
func (e *Evictor) Due(now boottime.Instant) []Eviction {
	var due []Eviction
	for _, p := range e.peers {
		if e.judge(now, p) == Silent && e.pause(now, p) {
			due = append(due, p.eviction())
		}
	}
	return due
}

// pause reports whether the last attempt is an interval ago, and notes a new one.
func (e *Evictor) pause(now boottime.Instant, p *peer) bool {
	if p.tried > 0 && now.Sub(p.tried) < e.terms.Interval() {
		return false
	}
	p.tried = now
	return true
}

func (p *peer) eviction() Eviction {
	return Eviction{Gateway: p.gateway, Incarnation: p.record.Incarnation, Expect: p.record.Sequence}
}

// Settle returns what to write about a gateway that owns a bus by a record that is younger than the one
// by which it left or was evicted: the same once more. If it is accepted, the gateway had not
// come back, and now that is said by a record that is younger than its ownership. If it is
// refused, the gateway has, or a peer was faster. A gateway without any record is settled in the same
// way. False if the last record does not say that it is gone, or it was returned a moment ago.
//
// It happens when a gateway's claim of a bus, or a hand-over to it, was on its way for so long that the
// gateway was evicted meanwhile.
func (e *Evictor) Settle(now boottime.Instant, gateway string) (Eviction, bool) {
	p := e.peer(gateway)
	if p.record.live() || !e.pause(now, p) {
		return Eviction{}, false
	}
	return p.eviction(), true
}

// Next is when Due is to be called at the latest if nothing is told before; false if there is no need.
// Beyond that it is to be called after each Renewed.
func (e *Evictor) Next(now boottime.Instant) (next boottime.Instant, ok bool) {
	for _, p := range e.peers {
		at := p.since.Add(e.terms.patience(e.terms.granted(p.record.Lease)))
		if p.tried > 0 {
			at = max(at, p.tried.Add(e.terms.Interval()))
		}
		if p.record.live() && now.Before(at) && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

// peer returns what is known of a gateway; of a new one that is nothing.
func (e *Evictor) peer(gateway string) *peer {
	i, found := e.find(gateway)
	if !found {
		e.peers = slices.Insert(e.peers, i, &peer{gateway: gateway})
	}
	return e.peers[i]
}

// find returns where a gateway is, or would be, among the peers.
func (e *Evictor) find(gateway string) (int, bool) {
	return slices.BinarySearchFunc(e.peers, gateway, func(p *peer, id string) int { return cmp.Compare(p.gateway, id) })
}
