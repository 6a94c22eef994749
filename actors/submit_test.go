package actors_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// counter has commands accepted, or not, and hands them to the gateway as a hub would.
type counter struct {
	mu       sync.Mutex
	accepted []*roostv1.Command
	refusal  error
	hand     func(*roostv1.Command)
	waiting  map[string]func(*roostv1.CommandRecord, error)
}

func (c *counter) Submit(_ context.Context, command *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal != nil {
		answer(nil, c.refusal)
		return
	}
	c.accepted = append(c.accepted, command)
	if c.waiting == nil {
		c.waiting = make(map[string]func(*roostv1.CommandRecord, error))
	}
	c.waiting[command.Id] = answer
	go c.hand(command)
}

// ended answers who waits for the end of a command.
func (c *counter) ended(r *roostv1.CommandRecord) {
	c.mu.Lock()
	answer := c.waiting[r.CommandId]
	delete(c.waiting, r.CommandId)
	c.mu.Unlock()
	if answer != nil && r.State.Final() {
		answer(r, nil)
	}
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.accepted)
}

// submitting runs a gateway whose commands go by a hub.
func submitting(t *testing.T, s *script) (*site, *counter) {
	t.Helper()
	c := &counter{}
	w := emptySite(t, s, func(cfg *actors.Config) { cfg.Submitter = c })
	c.hand = func(command *roostv1.Command) {
		w.ledger.mu.Lock()
		r := w.accept(command)
		w.ledger.mu.Unlock()
		w.Commands("boiler-1", siteEpoch, []*roostv1.OpenCommand{{Record: r}})
	}
	w.ledger.landed = func(r *roostv1.CommandRecord) {
		if r.State.Final() {
			c.ended(r)
		}
	}
	return w, c
}

// Whoever sends a command, the hub has it before the device has.
func TestCommandsAreSubmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w, c := submitting(t, &p.script)
		w.assignMixer(siteEpoch, wish(3, opened(50)))
		sleep(15 * time.Second)
		w.wantRevisions(3, 3)
		if n := c.count(); n != 1 {
			t.Errorf("%d commands submitted for what is desired, want 1", n)
		}
		if r := w.execute(mix("c1", ack, opened(50))); r.State != succeeded {
			t.Errorf("c1 is %s", r.State.Word())
		}
		answer, err := w.Ask(t.Context(), "boiler-1", mix("c2", ack, opened(50)))
		if r, _ := answer.(*roostv1.CommandRecord); r.GetState() != succeeded || err != nil {
			t.Errorf("c2 is %v, %v", answer, err)
		}
		if _, err := w.Ask(t.Context(), "boiler-1", &roostv1.Read{}); err != nil {
			t.Errorf("a read goes by the hub: %v", err)
		}
		if n := c.count(); n != 3 {
			t.Errorf("%d commands submitted, want 3", n)
		}
		refused := make(chan error, 1)
		w.Deliver("boiler-1", mix("c3", ack, opened(50)), 0, func(_ proto.Message, err error) { refused <- err })
		if err := <-refused; !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("a command from another gateway: %v", err)
		}
	})
}
