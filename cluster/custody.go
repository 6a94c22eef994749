package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// hostCalls bounds the calls of the Host for different buses at one time.
	hostCalls = 16
	// custodyRetry is after how long what the Host or the hub refused is tried again.
	custodyRetry = time.Second
)

// custody makes this gateway serve the buses that it should: it claims what it may
// have, hands what it owns to the Host, and takes back what it does not own any more.
//
// It acts on the picture alone. A bus is handed over when the claim comes back through the
// picture: then nothing that was written before the claim can be missing from it.
//
// One goroutine uses it.
type custody struct {
	self    self
	names   Subjects
	labels  map[string]string
	picture *Picture
	host    Host
	out     *casWriter
	report  func(*roostv1.Event)
	log     *slog.Logger

	held   map[string]bool   // buses that the Host was given
	again  map[string]bool   // buses to be looked at again
	flawed map[string]string // devices that were left out, and why
}

// run keeps custody until ctx ends, and then returns nil, or until check returns an error,
// which it asks after every change of a member. The picture is complete up to this gateway's joining.
func (c *custody) run(ctx context.Context, check func() error) error {
	changes := c.picture.Watch()
	defer changes.Close()
	retry := time.NewTicker(custodyRetry)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-retry.C:
		case <-changes.Ready():
		}
		dirty := c.takeAgain()
		for _, key := range changes.Take() {
			switch key.Kind {
			case KindBus:
				dirty[key.ID] = true
			case KindProfile:
				for _, bus := range c.picture.BusesWith(key.ID) {
					dirty[bus] = true
				}
			case KindMember:
				if err := check(); err != nil {
					return err
				}
			}
		}
		c.settle(ctx, sortedKeys(dirty))
	}
}

func (c *custody) takeAgain() map[string]bool {
	again := c.again
	c.again = map[string]bool{}
	return again
}

// settle brings the buses to where they should be, as far as that is possible now.
func (c *custody) settle(ctx context.Context, buses []string) {
	var steps []step
	var writes []*write
	for _, id := range buses {
		owner, devices := c.picture.Bus(id)
		mine, able := c.self.owns(owner), eligible(devices, c.self.gateway, c.labels)
		_, held := c.held[id]
		switch {
		case mine && able:
			steps = append(steps, step{bus: id, assignment: c.assignment(id, owner.Epoch, devices)})
		case held && mine:
			steps = append(steps, step{bus: id, release: owner.Epoch})
		case held:
			steps = append(steps, step{bus: id})
		case mine:
			writes = append(writes, c.self.release(c.names, id, owner.Epoch))
		case able && c.self.mayClaim(owner):
			writes = append(writes, c.self.claim(c.names, id, owner))
		}
	}
	c.call(ctx, steps)
	c.write(ctx, append(c.releases(steps), writes...))
}

// step is one call of the Host: to assign, or without an assignment to withdraw.
type step struct {
	bus        string
	assignment *roostv1.Assignment
	release    uint64 // epoch of the ownership that ends with the withdrawal; 0: it ended already
	err        error
}

// call makes the steps and notes what the Host holds after them.
func (c *custody) call(ctx context.Context, steps []step) {
	var calls errgroup.Group
	calls.SetLimit(hostCalls)
	for i := range steps {
		s := &steps[i]
		calls.Go(func() error {
			if s.assignment == nil {
				s.err = c.host.Withdraw(ctx, s.bus)
			} else {
				s.err = c.host.Assign(ctx, s.assignment)
			}
			return nil
		})
	}
	_ = calls.Wait() // each step has its own error
	var failed failures
	defer failed.log(c.log, "buses are not as they should be at the host")
	for _, s := range steps {
		if s.err != nil {
			failed.add(s.bus, s.err)
			c.again[s.bus] = true
		}
		switch {
		case s.assignment != nil:
			c.held[s.bus] = true // also after an error: what was begun has to be withdrawn
		case s.err == nil:
			delete(c.held, s.bus)
		}
	}
}

// releases returns the writes that give up what was withdrawn. What could not be withdrawn
// may still be acted on, and nobody else must have it.
func (c *custody) releases(steps []step) []*write {
	var writes []*write
	for _, s := range steps {
		if s.release > 0 && s.err == nil {
			writes = append(writes, c.self.release(c.names, s.bus, s.release))
		}
	}
	return writes
}

// write claims and releases. What was written comes back through the picture; where somebody else
// was faster, that does too.
func (c *custody) write(ctx context.Context, writes []*write) {
	c.out.all(ctx, writes)
	var failed failures
	defer failed.log(c.log, "owners of buses could not be written")
	for _, w := range writes {
		if w.err == nil || errors.Is(w.err, roostv1.ErrConflict) {
			continue
		}
		key, _ := c.names.key(w.subject)
		failed.add(key.ID, w.err)
		c.again[key.ID] = true
	}
}

// failures sums up what failed for many buses, in one line of the log.
type failures struct {
	count int
	bus   string // the first one
	err   error
}

func (f *failures) add(bus string, err error) {
	if f.count == 0 {
		f.bus, f.err = bus, err
	}
	f.count++
}

func (f *failures) log(log *slog.Logger, what string) {
	if f.count > 0 {
		log.Warn(what, "count", f.count, "bus", f.bus, "error", f.err)
	}
}

// assignment returns what the Host is to serve. A device that does not fit its profile
// is left out, and reported.
func (c *custody) assignment(bus string, epoch uint64, devices []*roostv1.DeviceSpec) *roostv1.Assignment {
	a := &roostv1.Assignment{Bus: bus, Epoch: epoch}
	added := make(map[string]bool)
	for _, d := range devices {
		profile := c.picture.Profile(d.Profile)
		if err := fits(d, profile); err != nil {
			c.leaveOut(d, err)
			continue
		}
		delete(c.flawed, d.Id)
		a.Devices = append(a.Devices, d)
		if !added[d.Profile] {
			added[d.Profile] = true
			a.Profiles = append(a.Profiles, profile)
		}
	}
	return a
}

func fits(d *roostv1.DeviceSpec, profile *roostv1.Profile) error {
	if profile == nil {
		return roostv1.Errorf(roostv1.ErrNotFound, "device %s: there is no profile %s", d.Id, d.Profile)
	}
	return roostv1.ValidateDevice(d, profile).Err()
}

func (c *custody) leaveOut(d *roostv1.DeviceSpec, err error) {
	flaw := fmt.Sprintf("revision %d: %v", d.Revision, err)
	if c.flawed[d.Id] == flaw {
		return
	}
	c.flawed[d.Id] = flaw
	c.log.Error("device is not served", "device", d.Id, "error", err)
	e := badRecord(c.names.Device(d.Id), c.picture.Sequence(Key{KindDevice, d.Id}), err)
	e.DeviceId, e.Bus = d.Id, d.BusID()
	c.report(e)
}

// withdrawAll takes everything back from the Host.
func (c *custody) withdrawAll(ctx context.Context) {
	steps := make([]step, 0, len(c.held))
	for _, bus := range sortedKeys(c.held) {
		steps = append(steps, step{bus: bus})
	}
	c.call(ctx, steps)
}

// releaseAll gives up all that is this gateway's, but for what the Host would not let go. The picture
// has all that this gateway wrote.
func (c *custody) releaseAll(ctx context.Context) {
	owned := c.picture.ownedBy(c.self)
	var writes []*write
	for _, bus := range sortedKeys(owned) {
		if !c.held[bus] {
			writes = append(writes, c.self.release(c.names, bus, owned[bus]))
		}
	}
	c.write(ctx, writes)
}
