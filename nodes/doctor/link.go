package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// mostTrips and mostWrites are how often each is measured, and measuring how long at most.
	mostTrips  = 100
	mostWrites = 30
	measuring  = 2 * time.Second
	// probeLife is how long the hub keeps what was written.
	probeLife = "60s"
)

// quantiles are how long something took: half of the times it was no longer than half, and so on.
type quantiles struct {
	count      int
	half, most time.Duration // p50 and p99
}

func quantilesOf(took []time.Duration) quantiles {
	slices.Sort(took)
	n := len(took)
	if n == 0 {
		return quantiles{}
	}
	return quantiles{n, took[n/2], took[min(n-1, n*99/100)]}
}

func (q quantiles) String() string {
	return fmt.Sprintf("p50 %s, p99 %s of %d", brief(q.half), brief(q.most), q.count)
}

// brief is a duration in three digits or so.
func brief(d time.Duration) string {
	for unit := time.Second; unit > time.Nanosecond; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// measure does something until it was done often enough, or the time is over. The error is that of the
// first time; later ones end it.
func measure(ctx context.Context, most int, act func(context.Context) error) (quantiles, error) {
	ctx, cancel := bounded(ctx, measuring)
	defer cancel()
	var took []time.Duration
	for len(took) < most && ctx.Err() == nil {
		began := time.Now()
		if err := act(ctx); err != nil {
			if len(took) == 0 {
				return quantiles{}, err
			}
			break
		}
		took = append(took, time.Since(began))
	}
	return quantilesOf(took), nil
}

// link: a renewal takes two round trips until a gateway has seen it: it is acknowledged, and it comes back with
// the picture. Both have to fit into the time after which it is asked for again (lease.Terms.Interval, a quarter of the
// lease L). So a round trip of more than half of that, L/8, is too long.
func link(ctx context.Context, e *examination) Finding {
	var err error
	if e.trip, err = measure(ctx, mostTrips, e.nc.FlushWithContext); err != nil {
		return unknown(err)
	}
	terms, whose := e.lease(ctx)
	limit := terms.Interval() / 2
	f := ok("round trip %s", e.trip)
	rule := fmt.Sprintf(" (a renewal takes two trips until it is seen, and is asked for again after L/4; %s is %s)", whose, terms.Lease)
	return e.late(f, e.trip.most, limit, "L/8", rule)
}

// writes: a renewal that is not stored when the next one is due leaves the gateway fewer tries than it counts with.
func writes(ctx context.Context, e *examination) Finding {
	n := uint64(0)
	var err error
	e.write, err = measure(ctx, mostWrites, func(ctx context.Context) error {
		n++
		return e.probe(ctx, n)
	})
	switch {
	case e.isRefused(ctx, err):
		return unknown(errors.New("not measured: this credential writes no probes to the control stream"))
	case err != nil:
		return unknown(fmt.Errorf("nothing could be written to %s: %w", e.names.ControlStream(), err))
	}
	terms, whose := e.lease(ctx)
	return e.late(ok("%s", e.write), e.write.most, terms.Interval()/2, "L/8",
		fmt.Sprintf(" (a renewal is a write, and is asked for again if it has not come back after L/4; %s is %s)", whose, terms.Lease))
}

// probe stores a record that is gone after a minute. A gateway that has this name minds only its own incarnation.
func (e *examination) probe(ctx context.Context, n uint64) error {
	const id = "doctor"
	data, err := roostv1.Marshal(&roostv1.Member{GatewayId: id, Renewal: n}, false)
	if err != nil {
		return err
	}
	m := nats.NewMsg(e.names.Probe(id))
	m.Data = data
	m.Header.Set(jetstream.MsgTTLHeader, probeLife)
	code, err := e.store(ctx, m)
	if err == nil && code != 0 {
		err = fmt.Errorf("the stream refused it with code %d", code)
	}
	return err
}

// late judges a time by its limit: half of that is a warning.
func (e *examination) late(f Finding, took, limit time.Duration, name, rule string) Finding {
	switch {
	case took > limit:
		f.State = Unsafe
		f.Seen += ": more than " + name + ", " + brief(limit) + rule
	case took > limit/2:
		f.State = Warning
		f.Seen += ": more than half of " + name + ", " + brief(limit) + rule
	default:
		return f
	}
	longer := 8 * took * 2
	f.Mend = "bring the gateways nearer to the hub, or give all of them a longer lease: at least " + strconv.Itoa(int(longer/time.Second)+1) + "s, with --lease"
	return f
}

// lease is the shortest lease of those gateways that answer, and whose it is.
func (e *examination) lease(ctx context.Context) (lease.Terms, string) {
	terms := lease.Terms{Lease: lease.DefaultLease}
	whose := "the default lease L"
	all, err := e.members(ctx)
	if err != nil {
		return terms, whose
	}
	found := false
	for _, g := range all {
		l := g.Status.GetLease().AsDuration()
		if g.Answers && l > 0 && (!found || l < terms.Lease) {
			found = true
			terms.Lease, whose = l, "the lease L of "+g.Status.GatewayId
		}
	}
	return terms, whose
}
