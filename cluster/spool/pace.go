package spool

import "time"

const (
	// goodLatency is how long the hub may take for a batch before the backfill gives way.
	goodLatency = 250 * time.Millisecond
	// paceStep is how often the pace changes at most.
	paceStep = 100 * time.Millisecond
	// leastPace is what the backfill never falls below, in readings a second.
	leastPace = 1000
	// leastFlying is what may be on its way at any pace: less than a batch is none.
	leastFlying = maxJoined
	// liveShare is what the backfill is entitled to: so many times what comes in.
	liveShare = 5
)

// pace is how many readings a second the backfill may send: more step by step while the hub answers soon, and a
// part of that as soon as it does not. It is pure.
type pace struct {
	most    float64
	now     float64
	live    float64 // readings a second that come in, smoothed
	changed time.Time
	tokens  float64
	filled  time.Time
}

func newPace(most int) *pace { return &pace{most: float64(most), now: float64(most) / 4} }

// floor is the least pace.
func (p *pace) floor() float64 { return min(p.most, max(leastPace, liveShare*p.live)) }

// answered takes in how long the hub took.
func (p *pace) answered(at time.Time, took time.Duration) {
	if at.Sub(p.changed) < paceStep {
		return
	}
	p.changed = at
	if took > goodLatency {
		p.now *= 0.7
	} else {
		p.now += p.most / 20
	}
	p.now = min(p.most, max(p.now, p.floor()))
}

// came takes in how many readings came in a second.
func (p *pace) came(perSecond float64) { p.live += (perSecond - p.live) / 4 }

// wait returns how long nothing may be sent. A batch that is larger than what is saved up goes on credit.
func (p *pace) wait(at time.Time) time.Duration {
	rate := max(p.now, p.floor())
	if !p.filled.IsZero() {
		p.tokens = min(p.tokens+at.Sub(p.filled).Seconds()*rate, rate/5)
	}
	p.filled = at
	if p.tokens >= 0 {
		return 0
	}
	return time.Duration(-p.tokens / rate * float64(time.Second))
}

// spend notes that n readings are sent.
func (p *pace) spend(n int) { p.tokens -= float64(n) }

// flying is how many readings of the backfill may be on their way: what is live waits behind them.
func (p *pace) flying() int {
	return int(min(maxFlying, max(leastFlying, max(p.now, p.floor())*goodLatency.Seconds())))
}
