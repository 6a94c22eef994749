package cluster

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// run carries messages until ctx ends. Asks that are open then end as lost.
func (p *Peers) run(ctx context.Context) error {
	in, err := p.nc.Subscribe(p.names.Live(p.id, "*"), p.receive)
	if err != nil {
		return fmt.Errorf("take live requests: %w", err)
	}
	defer p.end(in)
	if err := in.SetPendingLimits(maxFramesIn, maxBytesIn); err != nil {
		return fmt.Errorf("take live requests: %w", err)
	}
	p.asks.begin() // an ask before the subscription would wait in vain
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if p.picture.Wait(ctx, 0) == nil {
			p.watches.look("")
		}
		return nil
	})
	group.Go(func() error { return p.follow(ctx) })
	return group.Wait()
}

func (p *Peers) end(in *nats.Subscription) {
	_ = in.Unsubscribe() // it ends with the connection at the latest
	for _, a := range p.asks.close(roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", p.id)) {
		a.answer(nil, a.lost("gateway "+p.id+" stopped before the answer came"))
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.sending.Wait()
}

// follow ends asks whose deadline has come, or whose answer cannot come any more, and tells
// of the end of devices.
func (p *Peers) follow(ctx context.Context) error {
	changes := p.picture.Watch(KindBus, KindMember)
	defer changes.Close()
	runs := map[string]string{} // of the gateways that changed, as it was last
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-p.asks.due.C:
			for _, a := range p.asks.overdue(now) {
				a.answer(nil, a.lost("gateway "+a.to.Gateway+" did not answer in time"))
			}
		case <-changes.Ready():
			p.changed(changes.Take(), runs)
		}
	}
}

// changed looks at what changed in the picture. A member is written again and again, to renew its
// lease: that is no change.
func (p *Peers) changed(keys []Key, runs map[string]string) {
	over := false
	for _, key := range keys {
		switch key.Kind {
		case KindBus:
			p.watches.look(key.ID)
		case KindMember:
			now := p.picture.run(key.ID)
			over = over || runs[key.ID] != now
			runs[key.ID] = now
		}
	}
	p.watches.look("")
	if over {
		p.endLost()
	}
}

// endLost ends the asks to runs that are over, and those that were sent by an earlier run of this
// gateway: their answers are not for this one.
func (p *Peers) endLost() {
	p.mu.Lock()
	p.sweepLocked()
	p.mu.Unlock()
	now := p.incarnation()
	over := func(a *ask) bool { return a.from != now || !p.picture.runs(a.to.Gateway, a.to.Incarnation) }
	for _, a := range p.asks.removeIf(over) {
		a.answer(nil, a.lost("gateway "+a.to.Gateway+" is gone, or was asked in an earlier run of this one"))
	}
}
