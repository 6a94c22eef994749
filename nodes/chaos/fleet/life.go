package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Start starts hubs, hardware and gateways, and registers the devices. It returns when each process has said that
// it is ready.
func (f *Fleet) Start(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.stop = stop
	for _, p := range f.allProxies() {
		f.proxies.Go(func() { _ = p.Run(running) }) // ends with its listener
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return startAll(ctx, append(f.Hubs(), f.hardware)) },
		f.connect,
		f.register,
		f.config.Connected,
		func(ctx context.Context) error { return startAll(ctx, f.Gateways()) },
	} {
		bounded, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it took longer than %v", startTimeout))
		err := step(bounded)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// startAll starts nodes at once, and waits until all are ready.
func startAll(ctx context.Context, nodes []*Node) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, n := range nodes {
		all.Go(func() error { return n.Start(ctx) })
	}
	return all.Wait()
}

// Close ends all processes, and returns when they have ended. There is no chance for them to clean up. What of this machine
// was taken for the fleet is given back, and Left says what could not be.
func (f *Fleet) Close() {
	if f.conn != nil {
		f.conn.Close()
	}
	var all sync.WaitGroup
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range append(f.Nodes(), f.clones...) {
		all.Go(func() { _, _ = n.Kill() }) // those that do not run have ended already
	}
	all.Wait()
	f.stop()
	for _, p := range f.allProxies() {
		p.Close()
	}
	f.proxies.Wait()
	if f.network != nil {
		f.network.Close()
	}
	f.left = errors.Join(f.giveBack(), f.removeMemory())
	f.removeControls()
}

// Left is why Close could not give back all that was taken; nil: it could.
func (f *Fleet) Left() error { return f.left }

// Shutdown asks the processes to end in order, gateways first, and returns what went wrong. Those that do not
// are killed.
func (f *Fleet) Shutdown(patience time.Duration) error {
	var errs error
	for _, nodes := range [][]*Node{f.gateways, {f.hardware}, f.hubs} {
		var all errgroup.Group
		for _, n := range nodes {
			if _, ok := n.PID(); !ok {
				continue
			}
			all.Go(func() error {
				_, err := n.Stop(patience)
				return err
			})
		}
		errs = errors.Join(errs, all.Wait())
	}
	f.Close()
	return errors.Join(errs, f.Left())
}
