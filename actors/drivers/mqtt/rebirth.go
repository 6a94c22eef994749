package mqtt

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// rebirthPause is how long after it was asked for its births an edge node may be asked again. Where they are wanted since something is
	// missing it doubles each time, up to maxRebirthPause: births are a lot to send, and may be why something is missing.
	rebirthPause    = time.Second
	maxRebirthPause = 16 * time.Second
	// rebirthTimeout is how long the broker may take to take the wish.
	rebirthTimeout = 5 * time.Second
	// rebirthMetric is the one by which an edge node is asked.
	rebirthMetric = "Node Control/Rebirth"
)

// wish is whether births are wanted, and why.
type wish byte

const (
	wishNothing wish = iota
	wishRepair       // something is missing
	wishFirst        // a session has not had one yet
)

// rebirths know when edge nodes were asked for their births, whoever asked: sessions and connections come and go.
type rebirths struct {
	mu    sync.Mutex
	asked map[rebirthKey]pace
}

// rebirthKey is an edge node.
type rebirthKey struct {
	broker string
	edgeKey
}

// pace is when an edge node was asked last, and how long it is not asked after that for a repair.
type pace struct {
	at    time.Time
	pause time.Duration
}

// free returns when an edge node may be asked; the zero time: at once.
func (r *rebirths) free(k rebirthKey, why wish) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, asked := r.asked[k]
	switch {
	case !asked:
		return time.Time{}
	case why == wishFirst:
		return p.at.Add(rebirthPause)
	}
	return p.at.Add(p.pause)
}

// note takes note that an edge node is asked.
func (r *rebirths) note(k rebirthKey, why wish) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = make(map[rebirthKey]pace)
	}
	now := time.Now()
	for other, p := range r.asked {
		if now.Sub(p.at) > 2*maxRebirthPause {
			delete(r.asked, other)
		}
	}
	p := pace{at: now, pause: max(rebirthPause, r.asked[k].pause)}
	if why == wishRepair {
		p.pause = min(2*p.pause, maxRebirthPause)
	}
	r.asked[k] = p
}

// run asks for births when they are wanted, and takes devices for away that were not born after their edge node.
func (e *edge) run(ctx context.Context) {
	defer close(e.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.link.lost:
			return
		case <-e.wake:
		case <-timer.C:
		}
		timer.Reset(e.attend(ctx))
	}
}

// attend does what is due, and returns when something may be due again.
func (e *edge) attend(ctx context.Context) time.Duration {
	next := e.missBirths()
	key := rebirthKey{e.link.at.url, e.at}
	why := e.wish()
	if why == wishNothing {
		return next
	}
	if wait := time.Until(e.rebirths.free(key, why)); wait > 0 {
		return min(next, wait)
	}
	e.grant()
	e.rebirths.note(key, why)
	e.ask(ctx)
	return min(next, rebirthPause)
}

// wish returns whether births are to be asked for, and why.
func (e *edge) wish() wish {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.listens {
		return wishNothing
	}
	return e.wanted
}

// grant takes note that they are asked for.
func (e *edge) grant() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wanted = wishNothing
}

// ask asks the edge node for its birth, and for those of its devices. That it fails is no failure of anything: if there is a need, it is
// seen again.
func (e *edge) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rebirthTimeout)
	defer cancel()
	m, err := sparkplug.Of(rebirthMetric, sparkplug.Boolean, roostv1.Bool(true))
	if err == nil {
		_ = e.link.publish(ctx, outgoing{
			topic: sparkplug.NodeCommand.Topic(e.at.group, e.at.node, ""), qos: 1, payload: sparkplug.Encode(time.Now(), m),
		})
	}
}

// missBirths tells devices that they are away, if they were not born in time after their edge node. It returns when to look again.
func (e *edge) missBirths() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	const nothing = time.Hour
	if e.due.IsZero() {
		return nothing
	}
	if wait := time.Until(e.due); wait > 0 {
		return wait
	}
	e.due = time.Time{}
	for _, s := range e.members {
		if !e.node.Born(s.plan.at.edge.device) {
			s.presence.say(true, fmt.Sprintf("edge node %s was born, and the device was not", e.at.node))
		}
	}
	return nothing
}
