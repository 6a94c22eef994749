package cluster

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxIncarnation bounds what is taken for the name of a gateway's run.
const maxIncarnation = 64

// receive takes a frame. It never waits: questions go into mailboxes, and answers to
// who asked.
func (p *Peers) receive(msg *nats.Msg) {
	defer p.contain()
	f, err := readFrame(msg.Data)
	// Who sent it the hub vouches for by the subject, and nobody for what the frame says.
	if err != nil || string(f.receiver) != p.incarnation() || len(f.incarnation) > maxIncarnation ||
		string(f.gateway) != p.names.sender(msg.Subject) {
		p.dropped.Add(1)
		return
	}
	var back *destination // made for the first question
	f.envelopes(func(e receivedEnvelope) {
		switch {
		case e.isAnswer():
			p.answered(&f, &e)
		case e.isQuestion() && e.ask == 0:
			p.deliver(&e, nil)
		case e.ask != 0: // also one of a kind that is not known here: it is refused
			if back == nil {
				if back = p.sender(&f); back == nil {
					return
				}
			}
			to, number := back, e.ask
			p.deliver(&e, func(m proto.Message, err error) { p.reply(to, number, m, err) })
		}
	})
}

// contain keeps a defect that shows in one frame from ending the gateway.
func (p *Peers) contain() {
	if defect := recover(); defect != nil {
		p.log.Error("live request failed by a defect", "panic", defect, "stack", string(debug.Stack()))
	}
}

// sender is where the answers to a frame go; nil if it does not say that.
func (p *Peers) sender(f *received) *destination {
	gateway := string(f.gateway)
	if roostv1.CheckID("gateway id", gateway) != nil {
		p.dropped.Add(1)
		return nil
	}
	return p.destination(run{gateway, string(f.incarnation)})
}

// deliver hands a question to the device.
func (p *Peers) deliver(e *receivedEnvelope, answer func(proto.Message, error)) {
	m, err := e.message()
	switch {
	case err == nil && p.local != nil:
		p.local.Deliver(string(e.device), m, time.Duration(e.waitMS)*time.Millisecond, answer)
	case answer == nil:
	case err != nil:
		answer(nil, err)
	default:
		answer(nil, roostv1.Errorf(roostv1.ErrNotOwner, "gateway %s serves no devices", p.id))
	}
}

// reply sends an answer. If it cannot be sent, the asker finds out by his deadline.
func (p *Peers) reply(to *destination, number uint64, m proto.Message, err error) {
	if err != nil {
		m = roostv1.StatusOf(err)
	}
	err = to.put(&envelope{ask: number, message: m})
	if record, ok := m.(*roostv1.CommandRecord); ok && errors.Is(err, roostv1.ErrExhausted) {
		err = to.put(&envelope{ask: number, message: outcomeOf(record)})
	}
	if errors.Is(err, roostv1.ErrExhausted) {
		err = to.put(&envelope{ask: number, message: roostv1.StatusOf(err)})
	}
	if err != nil {
		p.log.Debug("live request not answered", "to", to.to.gateway, "error", err)
	}
}

// outcomeOf is a record without all that is not its outcome.
func outcomeOf(r *roostv1.CommandRecord) *roostv1.CommandRecord {
	r = proto.CloneOf(r)
	r.Command, r.Transitions, r.Evidence, r.Steps, r.Results = nil, nil, nil, nil, nil
	return r
}

// answered ends an ask. One that certainly was not carried out, as its owner is none any more, is
// sent to the new owner, once.
func (p *Peers) answered(f *received, e *receivedEnvelope) {
	a := p.asks.take(e.ask, f.gateway, f.incarnation)
	if a == nil { // it is late, or nobody asked
		return
	}
	m, err := e.message()
	if err != nil {
		a.answer(nil, a.lost("the answer of gateway "+a.to.Gateway+": "+err.Error()))
		return
	}
	status, refused := m.(*roostv1.Status)
	switch {
	case !refused:
		a.answer(m, nil)
	case status.Code == roostv1.ErrNotOwner:
		p.askAgain(a)
	default:
		a.answer(nil, status)
	}
}

// askAgain looks for the owner once more.
func (p *Peers) askAgain(a *ask) {
	owner, err := p.picture.Route(a.device)
	switch {
	case err != nil:
		a.answer(nil, err)
	case a.again || owner == a.to:
		a.answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not serve device %s at present", a.to.Gateway, a.device))
	case owner.Gateway == p.id && p.local != nil:
		p.local.Deliver(a.device, a.message, max(time.Until(a.deadline), 1), a.answer)
	default:
		a.again, a.to = true, owner
		if !p.asks.back(a) {
			a.answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", p.id))
			return
		}
		p.forward(a, time.Until(a.deadline))
	}
}
