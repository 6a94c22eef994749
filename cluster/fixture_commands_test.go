package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Short names for what tests of commands speak of all the time.
const (
	accepted      = roostv1.CommandState_COMMAND_STATE_ACCEPTED
	queued        = roostv1.CommandState_COMMAND_STATE_QUEUED
	dispatched    = roostv1.CommandState_COMMAND_STATE_DISPATCHED
	succeeded     = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
	cancelled     = roostv1.CommandState_COMMAND_STATE_CANCELLED
	expired       = roostv1.CommandState_COMMAND_STATE_EXPIRED
	unknown       = roostv1.CommandState_COMMAND_STATE_UNKNOWN
	indeterminate = roostv1.CommandState_COMMAND_STATE_INDETERMINATE
)

// setLimit is a command that a thermometer takes.
func setLimit(id, device string) *roostv1.Command {
	return &roostv1.Command{Id: id, DeviceId: device, Name: "set", Arguments: map[string]*roostv1.Value{"limit": roostv1.Double(21.5)}}
}

// handOver is a call of Commands.
type handOver struct {
	bus   string
	epoch uint64
	open  []*roostv1.OpenCommand
}

// Commands carries commands out at once, unless the test does it itself.
func (h *host) Commands(bus string, epoch uint64, open []*roostv1.OpenCommand) {
	select {
	case h.handed <- handOver{bus, epoch, open}:
	default: // nobody looks
	}
	if h.take != nil {
		h.take(bus, epoch, open)
		return
	}
	for _, o := range open {
		h.carryOut(bus, epoch, o, nil)
	}
}

// carryOut records that a command was dispatched, and then how it ended; finish changes the final record.
func (h *host) carryOut(bus string, epoch uint64, o *roostv1.OpenCommand, finish func(*roostv1.CommandRecord)) {
	r := proto.CloneOf(o.Record)
	if o.Cancellation != nil && r.Attempt == 0 {
		h.record(bus, r, h.change(cancelled, epoch), nil)
		return
	}
	if r.State == unknown {
		return
	}
	h.record(bus, r, h.change(dispatched, epoch), func() {
		r := proto.CloneOf(r)
		if finish != nil {
			finish(r)
		}
		h.record(bus, r, h.change(succeeded, epoch), nil)
	})
}

func (h *host) change(state roostv1.CommandState, epoch uint64) roostv1.Change {
	now, _, ok := h.serving().HubClock().Now()
	if !ok {
		now = time.Unix(0, 0)
	}
	return roostv1.Change{
		State: state, At: now, Gateway: h.gateway, Epoch: epoch, Harmless: true,
		Confirmation: roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK, Effect: roostv1.Effect_EFFECT_UNKNOWN,
	}
}

// record records a change of a command, and calls then when that is durable.
func (h *host) record(bus string, r *roostv1.CommandRecord, c roostv1.Change, then func()) {
	if err := r.Enter(c); err != nil {
		h.refused(err)
		return
	}
	h.serving().Journal().Record(bus, c.Epoch, r, func(err error) {
		switch {
		case err != nil:
			h.refused(err)
		case then != nil:
			then()
		}
	})
}

// refused notes why a record was not written.
func (h *host) refused(err error) {
	select {
	case h.refusals <- err:
	default:
	}
}

// serving is the gateway that the host is in.
func (h *host) serving() *cluster.Gateway { return h.cluster.Load() }

// send has a command accepted by a gateway, and returns what it is told.
func send(tb testing.TB, g *cluster.Gateway, c *roostv1.Command, wait time.Duration) (*roostv1.CommandRecord, error) {
	tb.Helper()
	type answer struct {
		record *roostv1.CommandRecord
		err    error
	}
	answers := make(chan answer, 2)
	g.Submit(tb.Context(), c, wait, func(r *roostv1.CommandRecord, err error) { answers <- answer{r, err} })
	select {
	case a := <-answers:
		return a.record, a.err
	case <-time.After(wait + time.Second + askWait):
		tb.Fatal("a caller was left without an answer")
		return nil, nil
	}
}

// recordAt reads the record of a command from the control stream; nil if there is none.
func recordAt(tb testing.TB, nc *nats.Conn, names cluster.Subjects, device, id string) *roostv1.CommandRecord {
	tb.Helper()
	m, err := mustStream(tb, jetStream(tb, nc), names.ControlStream()).GetLastMsgForSubject(tb.Context(), names.Command(device, id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		tb.Fatal(err)
	}
	r := &roostv1.CommandRecord{}
	if err := proto.Unmarshal(m.Data, r); err != nil {
		tb.Fatal(err)
	}
	return r
}

// states are the states that a command went through.
func states(r *roostv1.CommandRecord) []roostv1.CommandState {
	var all []roostv1.CommandState
	for _, t := range r.GetTransitions() {
		all = append(all, t.State)
	}
	return all
}

// nextHanded waits until a host is handed commands.
func (h *host) nextHanded(tb testing.TB) handOver {
	tb.Helper()
	return await(tb, "commands", h.handed, func(handOver) bool { return true })
}

// keeps makes a host keep commands, and do nothing about them.
func (h *host) keeps() *host {
	h.take = func(string, uint64, []*roostv1.OpenCommand) {}
	return h
}
