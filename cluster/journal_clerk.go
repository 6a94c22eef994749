package cluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// journalWindow bounds what is on its way to the hub at one time.
	journalWindow = 4096
	// journalPatience is after how long an answer is not expected any more.
	journalPatience = 2 * time.Second
	// journalCheck is how often it is looked whether answers are missing, and whether the hub is back.
	journalCheck = 250 * time.Millisecond
	// journalRetry bounds the random pause before a write that met another one is tried again; a hub
	// that cannot take any is left alone for journalRest.
	journalRetry = 4 * time.Millisecond
	journalRest  = 100 * time.Millisecond
)

// entry is one write, or a question.
type entry struct {
	lane    string // a bus; empty: it stands behind nobody
	patient bool   // it lets those that are not go first, but for those of its subject
	epoch   uint64
	subject string
	data    []byte
	expect  uint64 // sequence of the last record of
	of      string
	ttl     string
	forever bool
	nonce   string // by which the hub knows a copy that is late
	unfit   error  // why it can never be written

	question bool             // it only asks
	reading  bool             // what it waits for is the present record
	doubt    bool             // it was sent, and may be stored
	tries    int              // how often it was sent
	deadline boottime.Instant // when it is given up; 0: never
	at       boottime.Instant // when it was sent, or is to be sent again
	done     func(sequence uint64, there *stored, err error)
}

// clerk is the goroutine of a journal.
type clerk struct {
	*Journal
	sub     *nats.Subscription
	inbox   string
	answers chan *nats.Msg
	status  chan nats.Status
	token   uint64
	open    map[uint64]*entry // sent, by token
	lanes   map[string]*lane  // those in which something is being made
	ready   []*entry          // beyond the window
	later   []*entry          // to be tried again
	timer   *time.Timer
}

func newClerk(j *Journal) (*clerk, error) {
	c := &clerk{
		Journal: j, inbox: j.nc.NewInbox() + ".",
		answers: make(chan *nats.Msg, 2*journalWindow), // late ones may be among them
		status:  j.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.CLOSED),
		open:    map[uint64]*entry{}, lanes: map[string]*lane{}, timer: time.NewTimer(journalCheck),
	}
	sub, err := j.nc.ChanSubscribe(c.inbox+"*", c.answers)
	if err != nil {
		j.nc.RemoveStatusListener(c.status)
		return nil, fmt.Errorf("listen for answers of the hub: %w", notSent(err))
	}
	c.sub = sub
	return c, nil
}

func (c *clerk) close() {
	_ = c.sub.Unsubscribe() // fails only where the connection is gone
	c.nc.RemoveStatusListener(c.status)
	c.timer.Stop()
}

func (c *clerk) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			c.giveUp()
			return
		case <-c.wake:
			for _, e := range c.take() {
				c.begin(e)
			}
		case m := <-c.answers:
			c.answered(m)
		case <-c.status:
			if !c.nc.IsConnected() {
				c.lost(func(*entry) bool { return true })
			}
			c.check()
		case <-c.timer.C:
			c.check()
		}
	}
}

// giveUp ends all that is not decided.
func (c *clerk) giveUp() {
	why := roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the gateway stops")
	all := append(c.end(why), append(c.ready, c.later...)...)
	for _, e := range c.open {
		all = append(all, e)
	}
	for _, lane := range c.lanes {
		all = append(all, lane.left()...)
	}
	for _, e := range all {
		e.done(0, nil, why)
	}
}

// begin takes an entry in: it is sent, or stands in line.
func (c *clerk) begin(e *entry) {
	if e.unfit != nil {
		e.done(0, nil, e.unfit)
		return
	}
	if e.lane != "" {
		if lane := c.lanes[e.lane]; lane != nil {
			lane.put(e)
			return
		}
		c.lanes[e.lane] = newLane()
	}
	c.send(e)
}

// send sends an entry, or keeps it for later.
func (c *clerk) send(e *entry) {
	if e.deadline > 0 && !c.clock.Now().Before(e.deadline) { // this process may have been stopped meanwhile
		c.expire(e)
		return
	}
	if len(c.open) >= journalWindow {
		c.ready = append(c.ready, e)
		return
	}
	c.token++
	m := &nats.Msg{Subject: e.subject, Data: e.data, Reply: c.inbox + strconv.FormatUint(c.token, 10)}
	if e.reading {
		question := lastQuestion(c.names, e.subject)
		m.Subject, m.Data = question.Subject, question.Data
	} else {
		m.Header = e.header()
	}
	e.tries++
	if err := c.nc.PublishMsg(m); err != nil {
		c.unsent(e, notSent(err))
		return
	}
	e.at = c.clock.Now()
	c.open[c.token] = e
}

// unsent deals with what the connection did not take.
func (c *clerk) unsent(e *entry, err error) {
	switch {
	case errors.Is(err, roostv1.ErrInvalid):
		c.finish(e, 0, nil, err)
	case e.lane == "" && !e.doubt: // whoever waits for it can be told at once
		c.finish(e, 0, nil, err)
	default:
		c.again(e, journalCheck)
	}
}

// again has an entry tried again after a pause.
func (c *clerk) again(e *entry, pause time.Duration) {
	now := c.clock.Now()
	if e.deadline > 0 && !now.Before(e.deadline) {
		c.expire(e)
		return
	}
	e.at = now.Add(pause)
	c.later = append(c.later, e)
	c.timer.Reset(c.pause(now))
}

// pause is how long there is nothing to look at.
func (c *clerk) pause(now boottime.Instant) time.Duration {
	next := now.Add(journalCheck)
	if !c.nc.IsConnected() {
		return journalCheck // or until it is
	}
	for _, e := range c.later {
		next = min(next, e.at)
	}
	return max(next.Sub(now), time.Millisecond/4)
}

// expire gives an entry up whose time is over.
func (c *clerk) expire(e *entry) {
	if e.doubt && !e.question {
		c.finish(e, 0, nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the hub did not answer in time"))
		return
	}
	c.finish(e, 0, nil, roostv1.Errorf(roostv1.ErrUnavailable, "the hub did not take it in time"))
}

// check sends what is to be sent again, and no longer waits for answers that do not come.
func (c *clerk) check() {
	now := c.clock.Now()
	c.lost(func(e *entry) bool {
		return now.Sub(e.at) > journalPatience || e.deadline > 0 && !now.Before(e.deadline)
	})
	later := c.later
	c.later = nil
	connected := c.nc.IsConnected()
	for _, e := range later {
		switch {
		case e.deadline > 0 && !now.Before(e.deadline):
			c.expire(e)
		case !connected || now.Before(e.at):
			c.later = append(c.later, e)
		default:
			c.send(e)
		}
	}
	c.admit()
	c.timer.Reset(c.pause(now))
}

// admit sends what stood before the window.
func (c *clerk) admit() {
	for len(c.ready) > 0 && len(c.open) < journalWindow {
		e := c.ready[0]
		c.ready = c.ready[1:]
		c.send(e)
	}
}

// lost takes entries back whose answers will not come: they may be stored.
func (c *clerk) lost(is func(*entry) bool) {
	for token, e := range c.open {
		if is(e) {
			delete(c.open, token)
			e.doubt = true
			c.again(e, 0)
		}
	}
}

// finish tells what became of an entry, and sends the next one in its lane.
func (c *clerk) finish(e *entry, sequence uint64, there *stored, err error) {
	if e.lane == "" {
		e.done(sequence, there, err)
		return
	}
	next := c.lanes[e.lane].next()
	if next == nil {
		delete(c.lanes, e.lane)
	}
	e.done(sequence, there, err)
	if next != nil {
		c.send(next)
	}
}
