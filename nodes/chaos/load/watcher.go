package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Watcher follows who owns what, who has a lease, and what is desired, as the hub stores it. Renewals replace each other there, so what it
// is too slow for is lost to it: after a silence in which a renewal must have come, it reads with another
// consumer.
type Watcher struct {
	Conn    *nats.Conn
	Names   cluster.Subjects
	History *history.Writer
	Clocks  history.Clocks
	// Silence is after how long without a record the consumer is replaced.
	Silence time.Duration

	mu     sync.Mutex
	last   uint64            // sequence of the last message
	owners map[string]string // of buses
	lives  map[string]string // incarnations of gateways that are live
	buses  map[string]given  // to whom they were given, and how often
}

// Run follows until ctx ends; the error is that of the history, or of a subject that is none.
func (w *Watcher) Run(ctx context.Context) error {
	js, err := jetstream.New(w.Conn)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := w.read(ctx, js); err != nil {
			return err
		}
		pause(ctx, 50*time.Millisecond) // the hub is away, or has another leader
	}
	return nil
}

// read reads with one consumer, until it breaks. What it missed the next one reads.
func (w *Watcher) read(ctx context.Context, js jetstream.JetStream) error {
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{w.Names.Owner("*"), w.Names.Member("*"), w.Names.Desired("*")},
		DeliverPolicy:  jetstream.DeliverAllPolicy, MaxResetAttempts: 1,
	}
	if w.last > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, w.last+1
	}
	soon, cancel := context.WithTimeout(ctx, w.Silence)
	defer cancel()
	consumer, err := js.OrderedConsumer(soon, w.Names.ControlStream(), cfg)
	if err != nil {
		return nil // it is tried again
	}
	messages, err := consumer.Messages(jetstream.PullHeartbeat(time.Second), jetstream.PullExpiry(4*time.Second))
	if err != nil {
		return nil
	}
	defer messages.Stop()
	for {
		m, err := w.next(ctx, messages)
		if err != nil {
			return nil
		}
		if err := w.take(m); err != nil {
			return err
		}
	}
}

// next waits for the next message, and not beyond the silence.
func (w *Watcher) next(ctx context.Context, messages jetstream.MessagesContext) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, w.Silence)
	defer cancel()
	return messages.Next(jetstream.NextContext(ctx))
}

func (w *Watcher) take(m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if meta.Sequence.Stream <= w.last {
		return nil
	}
	w.last = meta.Sequence.Stream
	record, err := w.record(m, meta.Sequence.Stream)
	if err != nil {
		return err
	}
	record.Stamped().At = w.Clocks.Carry(meta.Timestamp)
	return w.History.Write(record)
}

// record returns what a message tells.
func (w *Watcher) record(m jetstream.Msg, sequence uint64) (history.Record, error) {
	previous, _ := strconv.ParseUint(m.Headers().Get(jetstream.ExpectedLastSubjSeqHeader), 10, 64) // none: 0
	if bus, ok := strings.CutPrefix(m.Subject(), w.Names.Owner("")); ok {
		var own roostv1.Ownership
		if err := unmarshal(m, &own); err != nil {
			return nil, err
		}
		set(&w.owners, bus, own.Gateway)
		w.give(bus, sequence, own.Gateway)
		return &history.Grant{
			Bus: bus, Epoch: sequence, Previous: previous, HandedOverBy: own.HandedOverBy,
			Peer: history.Peer{Gateway: own.Gateway, Incarnation: own.Incarnation},
		}, nil
	}
	if device, ok := strings.CutPrefix(m.Subject(), w.Names.Desired("")); ok {
		var desired roostv1.Desired
		if err := unmarshal(m, &desired); err != nil {
			return nil, err
		}
		return storedDesire(device, &desired), nil
	}
	var member roostv1.Member
	if err := unmarshal(m, &member); err != nil {
		return nil, err
	}
	set(&w.lives, member.GatewayId, member.Incarnation)
	lease := leaseOf(&member)
	lease.Sequence, lease.Previous = sequence, previous
	return lease, nil
}

func leaseOf(m *roostv1.Member) *history.Lease {
	return &history.Lease{
		Peer:  history.Peer{Gateway: m.GatewayId, Incarnation: m.Incarnation},
		State: history.LeaseState(strings.ToLower(m.State.Word())),
	}
}

// storedDesire is what was desired of a device at some time. Each revision replaces the one before it.
func storedDesire(device string, d *roostv1.Desired) *history.Register {
	return &history.Register{
		Client: d.Sender, Key: "desired." + device, Operation: history.RegisterWrite, Outcome: history.RegisterDone, Stored: true,
		Expect: d.Revision - 1, Value: d.Values[wire.ResourceSetpoint].Format(), Revision: d.Revision,
	}
}

func unmarshal(m jetstream.Msg, to proto.Message) error {
	if _, err := roostv1.Unmarshal(m.Data(), to); err != nil {
		return fmt.Errorf("record %s: %w", m.Subject(), err)
	}
	return nil
}

func set(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

// given is what is known of a bus.
type given struct{ epoch, owners uint64 }

func (w *Watcher) give(bus string, epoch uint64, to string) {
	if w.buses == nil {
		w.buses = map[string]given{}
	}
	g := w.buses[bus]
	g.epoch = epoch
	if to != "" {
		g.owners++
	}
	w.buses[bus] = g
}

// Bus returns the epoch of a bus, and how often it was given to somebody.
func (w *Watcher) Bus(bus string) (epoch, owners uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.buses[bus]
	return g.epoch, g.owners
}

// Owned returns how many buses each gateway has.
func (w *Watcher) Owned() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	owned := map[string]int{}
	for _, gateway := range w.owners {
		if gateway != "" {
			owned[gateway]++
		}
	}
	return owned
}

// Incarnation returns the last incarnation of a gateway that is known.
func (w *Watcher) Incarnation(gateway string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lives[gateway]
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
