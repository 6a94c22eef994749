package actors_test

import (
	"cmp"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ledger is a Journal in memory: it keeps every record in order, stalls while it is told to, and refuses
// once another gateway owns the bus.
type ledger struct {
	t       *testing.T
	mu      sync.Mutex
	stories map[string][]*roostv1.CommandRecord // by command: what became durable
	last    map[string]*roostv1.CommandRecord
	held    func(*roostv1.CommandRecord) bool // from such a record on everything waits
	stalled bool                              // the first in the queue is one
	queue   []entryOf                         // not durable yet, in the order in which they came
	pumping bool
	refusal error
	unfit   func(*roostv1.CommandRecord) bool // such a record can never be stored; may be nil
	owner   uint64                            // epoch of the bus's owner: records of earlier ones are refused
	landed  func(*roostv1.CommandRecord)      // told each record that became durable; may be nil
}

// An entryOf is a record on its way into the ledger.
type entryOf struct {
	epoch  uint64
	record *roostv1.CommandRecord
	done   func(error)
}

func newLedger(t *testing.T) *ledger {
	return &ledger{t: t, stories: make(map[string][]*roostv1.CommandRecord), last: make(map[string]*roostv1.CommandRecord)}
}

func (l *ledger) Record(_ string, epoch uint64, r *roostv1.CommandRecord, done func(error)) {
	l.mu.Lock()
	l.queue = append(l.queue, entryOf{epoch, r, done})
	l.mu.Unlock()
	l.pump()
}

// pump lets records land in the order in which they were given, until one is held.
func (l *ledger) pump() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pumping {
		return
	}
	l.pumping = true
	for len(l.queue) > 0 && !l.stalled {
		e := l.queue[0]
		if l.stalled = l.held != nil && l.held(e.record); l.stalled {
			break
		}
		l.queue = l.queue[1:]
		l.mu.Unlock()
		err := l.land(e.epoch, e.record)
		e.done(err)
		if err == nil && l.landed != nil {
			l.landed(e.record)
		}
		l.mu.Lock()
	}
	l.pumping = false
}

// land makes a record durable, and fails the test where it does not follow the one before.
func (l *ledger) land(epoch uint64, r *roostv1.CommandRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusal != nil {
		return l.refusal
	}
	if _, err := proto.Marshal(r); err != nil || l.unfit != nil && l.unfit(r) {
		return roostv1.ErrInvalid
	}
	if epoch < l.owner {
		return roostv1.ErrNotOwner
	}
	before := l.last[r.CommandId]
	if before != nil && before.State.Final() && before.State != r.State {
		l.t.Errorf("%s ended %s, and then %s", r.CommandId, before.State.Word(), r.State.Word())
	}
	if before != nil && (r.Nonce == before.Nonce || r.Nonce == "" || len(r.Transitions) < len(before.Transitions)) {
		l.t.Errorf("%s: %v does not follow %v", r.CommandId, r, before)
	}
	l.last[r.CommandId] = proto.CloneOf(r)
	l.stories[r.CommandId] = append(l.stories[r.CommandId], l.last[r.CommandId])
	return nil
}

// hold keeps everything back from the first record on that is meant; nil lets all go.
func (l *ledger) hold(meant func(*roostv1.CommandRecord) bool) {
	l.mu.Lock()
	l.held = meant
	l.stalled = l.stalled && meant != nil
	l.mu.Unlock()
	l.pump()
}

func (l *ledger) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusal = err
}

// record is the durable record of a command; the zero one if there is none.
func (l *ledger) record(id string) *roostv1.CommandRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.last[id]; r != nil {
		return proto.CloneOf(r)
	}
	return &roostv1.CommandRecord{}
}

// states are those that became durable of a command, in order.
func (l *ledger) states(id string) (states []roostv1.CommandState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.stories[id] {
		states = append(states, r.State)
	}
	return states
}

func in(state roostv1.CommandState) func(*roostv1.CommandRecord) bool {
	return func(r *roostv1.CommandRecord) bool { return r.State == state }
}

func final(r *roostv1.CommandRecord) bool { return r.State.Final() }

// hub tells a time that has nothing to do with this machine's, or none.
type hub struct {
	mu     sync.Mutex
	from   time.Time
	ahead  time.Duration
	off    time.Duration // how far it may be off; 0: a millisecond
	silent bool
}

func newHub() *hub { return &hub{from: time.Now()} }

// Now is in 1970, or where the test has moved it.
func (h *hub) Now() (time.Time, time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.silent {
		return time.Time{}, 0, false
	}
	return time.Unix(1000, 0).Add(time.Since(h.from) + h.ahead), cmp.Or(h.off, time.Millisecond), true
}

func (h *hub) now() time.Time { now, _, _ := h.Now(); return now }

// mayBeOff changes how far its time may be off.
func (h *hub) mayBeOff(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.off = by
}

func (h *hub) silence(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent = yes
}

// site is a gateway with a journal and the hub's clock, which a test hands commands to.
type site struct {
	*bench
	*ledger
	hub   *hub
	lease *lease
	order uint64
}

const siteEpoch = 7

// newSite runs such a gateway, with an open fence and a boiler that is online.
func newSite(t *testing.T, s *script, change ...func(*roostv1.DeviceSpec)) *site {
	t.Helper()
	w := emptySite(t, s)
	w.assign(siteEpoch, device("boiler-1", change...))
	w.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	return w
}

// emptySite serves nothing yet.
func emptySite(t *testing.T, s *script, options ...func(*actors.Config)) *site {
	t.Helper()
	w := &site{ledger: newLedger(t), hub: newHub(), lease: &lease{}}
	w.lease.open()
	w.bench = start(t, drivers(s), append([]func(*actors.Config){func(c *actors.Config) {
		c.Journal, c.Clock, c.Fence = w.ledger, w.hub, w.lease
	}}, options...)...)
	return w
}

// accept makes the record of a command that the hub has accepted now.
func (w *site) accept(c *roostv1.Command) *roostv1.CommandRecord {
	w.order++
	now := timestamppb.New(w.hub.now())
	return &roostv1.CommandRecord{
		CommandId: c.Id, DeviceId: c.DeviceId, Command: c, State: accepted, Order: w.order, AcceptedAt: now,
		Gateway: "gw-9", Transitions: []*roostv1.CommandTransition{{State: accepted, At: now, Gateway: "gw-9"}},
	}
}

// enter moves a record on as an earlier owner would have.
func (w *site) enter(r *roostv1.CommandRecord, changes ...roostv1.Change) *roostv1.CommandRecord {
	for _, c := range changes {
		c.At, c.Gateway, c.Epoch = w.hub.now(), "gw-0", siteEpoch-1
		if err := r.Enter(c); err != nil {
			w.bench.t.Fatal(err)
		}
	}
	return r
}

// hand gives the gateway records of open commands, and waits until all is quiet.
func (w *site) hand(records ...*roostv1.CommandRecord) {
	var open []*roostv1.OpenCommand
	for _, r := range records {
		open = append(open, &roostv1.OpenCommand{Record: r})
	}
	w.Commands("boiler-1", siteEpoch, open)
	synctest.Wait()
}

// send has commands accepted and handed.
func (w *site) send(commands ...*roostv1.Command) {
	var records []*roostv1.CommandRecord
	for _, c := range commands {
		records = append(records, w.accept(c))
	}
	w.hand(records...)
}

// want checks the durable record of a command.
func (w *site) want(id string, state roostv1.CommandState, code error) *roostv1.CommandRecord {
	w.bench.t.Helper()
	synctest.Wait()
	r := w.record(id)
	if r.State != state {
		w.bench.t.Errorf("command %s is %s (%v), want %s", id, r.State.Word(), r.Status, state.Word())
	}
	if code != nil && !errors.Is(r.Status.Err(), code) {
		w.bench.t.Errorf("command %s has status %v, want %v", id, r.Status, code)
	}
	if r.State.Final() {
		checkRecord(w.bench.t, r)
	}
	return r
}

// wantActs checks how often the device was told.
func (w *site) wantActs(s *script, n int) {
	w.bench.t.Helper()
	synctest.Wait()
	if got := len(s.actions()); got != n {
		w.bench.t.Errorf("the device was told %d times, want %d", got, n)
	}
}

// boiler-1's present status.
func (w *site) openCommands() uint32 {
	status, _ := w.Status("boiler-1")
	return status.GetOpenCommands()
}
