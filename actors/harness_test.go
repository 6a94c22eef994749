package actors_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// script is a driver and its session in one, made of functions that a test gives. A
// function that is nil does the obvious.
type script struct {
	open    func(context.Context) error
	poll    func(context.Context, []string) ([]actors.Sample, error)
	push    func(context.Context, actors.Sink) error
	actuate func(context.Context, actors.Action) (map[string]*roostv1.Value, error)
	close   func(context.Context) error

	mu     sync.Mutex
	opens  int
	closes int
	acted  []actors.Action
}

func (s *script) Open(ctx context.Context, _ actors.Device) (actors.Session, error) {
	s.mu.Lock()
	s.opens++
	s.mu.Unlock()
	if s.open != nil {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
	}
	if s.push != nil {
		return pushingSession{s}, nil
	}
	return pollingSession{s}, nil
}

func (s *script) count() (opens, closes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens, s.closes
}

func (s *script) actions() []actors.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]actors.Action(nil), s.acted...)
}

func (s *script) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closes++
	s.mu.Unlock()
	if s.close != nil {
		return s.close(ctx)
	}
	return nil
}

func (s *script) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	s.mu.Lock()
	s.acted = append(s.acted, a)
	s.mu.Unlock()
	if s.actuate != nil {
		return s.actuate(ctx, a)
	}
	return nil, nil
}

type pollingSession struct{ *script }

func (s pollingSession) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	if s.poll != nil {
		return s.poll(ctx, resources)
	}
	return []actors.Sample{{Resource: "temp", Value: roostv1.Double(20)}}, nil
}

type pushingSession struct{ *script }

func (s pushingSession) Push(ctx context.Context, sink actors.Sink) error { return s.push(ctx, sink) }

// memory is a store that keeps batches, and fails while it is told to.
type memory struct {
	mu      sync.Mutex
	batches []*roostv1.ReadingBatch
	failing error
	held    bool     // answers are kept back
	answers []func() // kept back
}

func (m *memory) Store(batch *roostv1.ReadingBatch, done func(error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.failing
	if err == nil {
		m.batches = append(m.batches, proto.CloneOf(batch))
	}
	if m.held {
		m.answers = append(m.answers, func() { done(err) })
		return
	}
	done(err)
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

func (m *memory) hold(yes bool) {
	m.mu.Lock()
	m.held = yes
	answers := m.answers
	m.answers = nil
	m.mu.Unlock()
	for _, answer := range answers {
		answer()
	}
}

// of returns the batches of a device.
func (m *memory) of(device string) []*roostv1.ReadingBatch {
	m.mu.Lock()
	defer m.mu.Unlock()
	var batches []*roostv1.ReadingBatch
	for _, b := range m.batches {
		if b.DeviceId == device {
			batches = append(batches, b)
		}
	}
	return batches
}

// readings counts the readings of a device, and fails the test where the batches do
// not declare every gap between them.
func (m *memory) readings(t *testing.T, device string) (stored, dropped, missed uint64) {
	t.Helper()
	next := uint64(1)
	var epoch uint64
	for _, b := range m.of(device) {
		if b.Epoch != epoch {
			epoch, next = b.Epoch, 1
		}
		if b.FirstSequence != next+b.DroppedBefore {
			t.Errorf("batch of %s starts at %d, want %d + %d dropped", device, b.FirstSequence, next, b.DroppedBefore)
		}
		next = b.FirstSequence + uint64(len(b.Readings))
		stored += uint64(len(b.Readings))
		dropped += b.DroppedBefore
		missed += b.MissedPolls
	}
	return stored, dropped, missed
}

// bench is a running gateway with its store and what it told.
type bench struct {
	*actors.Gateway
	t      *testing.T
	store  *memory
	mu     sync.Mutex
	events []*roostv1.Event
	stop   func() error
}

// drivers gives the driver the name that the tests' devices use.
func drivers(s *script) map[string]actors.Driver { return map[string]actors.Driver{"script": s} }

// start runs a gateway until the test ends or stop is called.
func start(t *testing.T, drivers map[string]actors.Driver, options ...func(*actors.Config)) *bench {
	t.Helper()
	b := &bench{t: t, store: &memory{}}
	cfg := actors.Config{
		ID: "gw-1", Drivers: drivers, Store: b.store,
		Events: b.note, Jitter: func() float64 { return 0.5 },
	}
	for _, option := range options {
		option(&cfg)
	}
	g, err := actors.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.Gateway = g
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	b.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = b.stop() })
	return b
}

func (b *bench) note(e *roostv1.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// told returns the events of a kind about a device.
func (b *bench) told(device string, kind roostv1.EventKind) []*roostv1.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var events []*roostv1.Event
	for _, e := range b.events {
		if e.DeviceId == device && e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

// assign serves the devices, all on the first one's bus, under the epoch, and waits until
// all is quiet.
func (b *bench) assign(epoch uint64, devices ...*roostv1.DeviceSpec) {
	b.t.Helper()
	b.assignment(&roostv1.Assignment{
		Bus: devices[0].BusID(), Epoch: epoch, Devices: devices, Profiles: []*roostv1.Profile{boiler()},
	})
}

// serve assigns one device with a profile of its own.
func (b *bench) serve(p *roostv1.Profile, d *roostv1.DeviceSpec) {
	b.t.Helper()
	b.assignment(&roostv1.Assignment{Bus: d.BusID(), Epoch: 1, Devices: []*roostv1.DeviceSpec{d}, Profiles: []*roostv1.Profile{p}})
}

func (b *bench) assignment(a *roostv1.Assignment) {
	b.t.Helper()
	if err := b.Assign(b.t.Context(), a); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

// wantState waits until all is quiet and checks the device's state.
func (b *bench) wantState(device string, want roostv1.DeviceState) {
	b.t.Helper()
	synctest.Wait()
	got := roostv1.DeviceState_DEVICE_STATE_UNPLACED
	if status, ok := b.Status(device); ok {
		got = status.State
	}
	if got != want {
		b.t.Errorf("%s is %s, want %s", device, got.Word(), want.Word())
	}
}

// sleep lets the bubble's time pass; outside of a bubble it would be a real sleep.
func sleep(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// boiler is a profile with one reading, one setting and commands of each kind.
func boiler() *roostv1.Profile {
	return &roostv1.Profile{
		Id: "boiler", Revision: 1,
		Resources: []*roostv1.Resource{
			{Name: "temp", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel"},
			{
				Name: "setpoint", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel", Min: proto.Float64(5), Max: proto.Float64(90),
				Access: roostv1.Access_ACCESS_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
			},
			{
				Name: "limit", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE,
				Access: roostv1.Access_ACCESS_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
			},
		},
		Commands: []*roostv1.CommandSpec{
			{Name: "feed", WriteKind: roostv1.WriteKind_WRITE_KIND_RELATIVE, Timeout: durationpb.New(2 * time.Second)},
		},
	}
}

func device(id string, change ...func(*roostv1.DeviceSpec)) *roostv1.DeviceSpec {
	spec := &roostv1.DeviceSpec{
		Id: id, Profile: "boiler", Driver: "script", Revision: 1,
		PollInterval: durationpb.New(time.Second),
	}
	for _, c := range change {
		c(spec)
	}
	return spec
}
