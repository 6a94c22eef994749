package actors

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// boxed is embedded by actors that want to hold their mailbox.
type boxed struct{ box *mailbox }

func (b *boxed) attach(m *mailbox) { b.box = m }

// mailbox is the mailbox of every actor here. Unlike the stock ones of protoactor it
// refuses with an answer when it is full, gives back what is left when its actor
// has stopped, lets commands overtake, and keeps no memory after a burst.
//
// System messages come first, then control, commands and work; after 32 overtakings
// one message of laneWork goes before.
//
// Concurrency: any goroutine posts; at most one at a time runs the actor. The runner takes
// all of laneWork at once and then needs no lock, until something urgent comes.
type mailbox struct {
	taken  queue        // of laneWork; only the runner's, as the next two
	left   atomic.Int32 // how many of them; read by others
	streak uint8        // messages that overtook the first one of laneWork

	urgent  atomic.Bool // there may be something before laneWork; set under mu
	invoker actor.MessageInvoker
	kind    *mailboxKind

	// What the runner writes is far from here, so that it and the senders do not
	// take the same cache line from each other for every message.
	system    queue // guarded by mu, as all below
	lanes     [laneCount]queue
	mu        sync.Mutex
	out       int32 // how many of laneWork were taken last
	running   bool
	suspended bool
	closed    bool
}

// A mailboxKind is what the mailboxes of all actors of a kind have in common: how many
// messages that can be refused may wait in a lane, and who runs the actors.
type mailboxKind struct {
	command, work int
	dispatcher    actor.Dispatcher
	refused       *atomic.Uint64 // counts what found a mailbox full; nil: nobody asks
}

func (k *mailboxKind) limit(n lane) int {
	if n == laneCommand {
		return k.command
	}
	return k.work
}

func newMailbox(kind *mailboxKind) *mailbox { return &mailbox{kind: kind} }

// offer posts a message unless the mailbox is closed, or full for such messages.
func (m *mailbox) offer(msg any) error {
	n := laneOf(msg)
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return roostv1.Errorf(roostv1.ErrUnavailable, "the actor has stopped")
	}
	if n != laneControl && m.fullLocked(n) && isRefusable(msg) {
		m.mu.Unlock()
		if m.kind.refused != nil {
			m.kind.refused.Add(1)
		}
		return roostv1.Errorf(roostv1.ErrBusy, "%d messages are waiting, no more are taken", m.kind.limit(n))
	}
	m.lanes[n].push(msg)
	if n != laneWork {
		m.urgent.Store(true)
	}
	m.scheduleAndUnlock()
	return nil
}

func (m *mailbox) fullLocked(n lane) bool {
	waiting, limit := m.lanes[n].len(), m.kind.limit(n)
	if n == laneWork && waiting < limit && waiting+int(m.out) >= limit {
		waiting += int(m.left.Load())
	}
	return waiting >= limit
}

// PostUserMessage implements [actor.Mailbox]. A nil message is dropped: protoactor
// would spin on it for ever.
func (m *mailbox) PostUserMessage(msg any) {
	if msg == nil {
		return
	}
	if err := m.offer(msg); err != nil {
		m.giveBack(msg, err)
	}
}

// PostSystemMessage implements [actor.Mailbox].
func (m *mailbox) PostSystemMessage(msg any) {
	m.mu.Lock()
	m.system.push(msg)
	m.urgent.Store(true)
	m.scheduleAndUnlock()
}

func (m *mailbox) scheduleAndUnlock() {
	start := !m.running
	m.running = true
	m.mu.Unlock()
	if start {
		m.kind.dispatcher.Schedule(m.run)
	}
}

// RegisterHandlers implements [actor.Mailbox]; it also lets the actor hold its mailbox.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
	if ctx, ok := invoker.(interface{ Actor() actor.Actor }); ok {
		if holder, ok := ctx.Actor().(interface{ attach(*mailbox) }); ok {
			holder.attach(m)
		}
	}
}

// Start implements [actor.Mailbox].
func (m *mailbox) Start() {}

// UserMessageCount implements [actor.Mailbox].
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := int(m.left.Load())
	for i := range m.lanes {
		count += m.lanes[i].len()
	}
	return count
}

// close gives back everything that waits or comes later. The actor calls it when it
// handles Stopped, so it runs as the runner, and nothing is delivered any more.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	lanes := m.lanes
	m.lanes = [laneCount]queue{}
	m.mu.Unlock()
	m.giveAllBack(&m.taken)
	for i := range lanes {
		m.giveAllBack(&lanes[i])
	}
}

func (m *mailbox) giveAllBack(q *queue) {
	for msg := q.pop(); msg != nil; msg = q.pop() {
		m.giveBack(msg, roostv1.Errorf(roostv1.ErrUnavailable, "the actor stopped before the message's turn"))
	}
}

// giveBack answers a message that is not delivered.
func (m *mailbox) giveBack(msg any, reason error) {
	_, body, sender := actor.UnwrapEnvelope(msg)
	if r, ok := body.(refusable); ok {
		r.refuse(reason)
		return
	}
	ctx, ok := m.invoker.(actor.Context)
	if ok && sender != nil {
		ctx.ActorSystem().Root.Send(sender, roostv1.StatusOf(reason))
	}
}

// run delivers messages until none is left. It is the only goroutine that does.
func (m *mailbox) run() {
	var msg any
	done := false
	defer func() {
		reason := recover()
		if done {
			return
		}
		if reason == nil { // the actor ended its goroutine, as t.Fatal does
			reason = fmt.Errorf("runtime.Goexit was called in Receive")
		} else if _, typed := reason.(failure); !typed {
			reason = panicked{value: reason, stack: debug.Stack()}
		}
		m.invoker.EscalateFailure(reason, msg)
		m.kind.dispatcher.Schedule(m.run)
	}()
	for {
		system := false
		if msg, system = m.next(); msg == nil {
			done = true
			return
		}
		switch {
		case !system:
			m.invoker.InvokeUserMessage(msg)
		default:
			m.handleSystem(msg)
		}
	}
}

func (m *mailbox) handleSystem(msg any) {
	switch msg.(type) {
	case *actor.SuspendMailbox:
		m.suspend(true)
	case *actor.ResumeMailbox:
		m.suspend(false)
	default:
		m.invoker.InvokeSystemMessage(msg)
	}
}

func (m *mailbox) suspend(yes bool) {
	m.mu.Lock()
	m.suspended = yes
	m.mu.Unlock()
}

// next takes the next message; nil when there is none to deliver, and then the
// mailbox counts as idle.
func (m *mailbox) next() (msg any, system bool) {
	if !m.urgent.Load() {
		if msg := m.nextTaken(); msg != nil {
			return msg, false
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if msg := m.system.pop(); msg != nil {
		return msg, true
	}
	if !m.suspended {
		if msg := m.nextUserLocked(); msg != nil {
			return msg, false
		}
	}
	m.running = false
	m.shrinkLocked()
	return nil, false
}

// nextTaken takes a message of laneWork that needs no lock.
func (m *mailbox) nextTaken() any {
	msg := m.taken.pop()
	if msg != nil {
		m.left.Store(int32(m.taken.len()))
	}
	return msg
}

func (m *mailbox) nextUserLocked() any {
	if m.streak < overtakes || m.taken.len() == 0 {
		if msg := m.nextUrgentLocked(); msg != nil {
			return msg
		}
		m.urgent.Store(false)
	}
	m.streak = 0
	if m.taken.len() == 0 {
		m.takeLocked()
	}
	return m.nextTaken()
}

// nextUrgentLocked takes a message that goes before laneWork.
func (m *mailbox) nextUrgentLocked() any {
	for n := laneControl; n < laneWork; n++ {
		if msg := m.lanes[n].pop(); msg != nil {
			if m.taken.len() == 0 {
				m.takeLocked() // they are overtaken from now on
			}
			if m.taken.len() > 0 {
				m.streak++
			}
			return msg
		}
	}
	return nil
}

// takeLocked hands all of laneWork to the runner. The two queues swap their rings, so a
// steady stream allocates nothing.
func (m *mailbox) takeLocked() {
	spare := m.taken.more
	m.taken = m.lanes[laneWork]
	m.lanes[laneWork] = queue{more: spare}
	m.out = int32(m.taken.len())
	m.left.Store(m.out)
}

func (m *mailbox) shrinkLocked() {
	m.taken.shrink()
	for i := range m.lanes {
		m.lanes[i].shrink()
	}
}
