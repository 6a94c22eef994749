package rig

import "context"

// trunk is the one connection that sessions with the hardware at an address share. It is made by
// the first that needs it, and anew by the first that finds it broken.
type trunk struct {
	hardware string
	dialing  chan struct{} // holds a token while somebody dials; waiting for it ends with a context
	link     *link         // guarded by the driver's mu
}

// trunk returns the trunk to that address.
func (d *Driver) trunk(hardware string) *trunk {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trunks == nil {
		d.trunks = make(map[string]*trunk)
	}
	t := d.trunks[hardware]
	if t == nil {
		t = &trunk{hardware: hardware, dialing: make(chan struct{}, 1)}
		d.trunks[hardware] = t
	}
	return t
}

// join returns the connection, and counts one more user of it.
func (t *trunk) join(ctx context.Context, d *Driver) (*link, error) {
	select {
	case t.dialing <- struct{}{}:
		defer func() { <-t.dialing }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if l := t.board(d); l != nil {
		return l, nil
	}
	l, err := d.dial(ctx, t.hardware)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l.users = 1
	t.link = l
	return l, nil
}

// board counts one more user of the present connection; nil if there is none that works.
func (t *trunk) board(d *Driver) *link {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.link == nil || t.link.users == 0 || t.link.failure() != nil {
		return nil
	}
	t.link.users++
	return t.link
}
