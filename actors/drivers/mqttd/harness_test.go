package mqttd_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqttd"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING

	patience = 10 * time.Second
)

// says is what a fleet file says, as key=value separated by spaces.
func says(entries string) map[string]string {
	given := make(map[string]string)
	for _, e := range strings.Fields(entries) {
		key, value, _ := strings.Cut(e, "=")
		given[key] = value
	}
	return given
}

func resource(name string, kind roostv1.ValueType, access roostv1.Access, protocol string) *roostv1.Resource {
	return &roostv1.Resource{Name: name, Type: kind, Access: access, Protocol: says(protocol)}
}

func reads(name string, kind roostv1.ValueType, protocol string) *roostv1.Resource {
	return resource(name, kind, roostv1.Access_ACCESS_READ, protocol)
}

// plant is what the devices here have.
func plant() []*roostv1.Resource {
	return []*roostv1.Resource{
		reads("temperature", isDouble, "topic={name}/climate json=$.t time=$.at time_format=unix"),
		reads("humidity", isInt, "topic={name}/climate json=$.h absent=skip"),
		reads("online", isBool, "topic={name}/status true=online false=offline"),
		resource("valve", isBool, roostv1.Access_ACCESS_READ_WRITE, "topic={name}/valve write_topic={name}/valve/set true=ON false=OFF"),
		resource("note", isText, roostv1.Access_ACCESS_WRITE, "write_topic={name}/note"),
	}
}

func device(id, at, address string, resources ...*roostv1.Resource) actors.Device {
	given := says(address)
	given["listen"] = at
	if resources == nil {
		resources = plant()
	}
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: id, Profile: "plant", Driver: mqttd.Name, Address: given},
		Profile: &roostv1.Profile{Id: "plant", Resources: resources},
	}
}

// store is a sink that keeps what it is given. Deliver asks may, if there is one.
type store struct {
	mu      sync.Mutex
	samples []actors.Sample
	emitted int
	more    chan struct{}
	may     func(ctx context.Context, samples []actors.Sample) error
}

func newStore() *store { return &store{more: make(chan struct{})} }

func (s *store) Emit(samples ...actors.Sample) error {
	s.keep(len(samples), samples)
	return nil
}

func (s *store) Deliver(ctx context.Context, samples ...actors.Sample) error {
	if s.may != nil {
		if err := s.may(ctx, samples); err != nil {
			return err
		}
	}
	s.keep(0, samples)
	return nil
}

func (s *store) keep(emitted int, samples []actors.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, samples...)
	s.emitted += emitted
	close(s.more)
	s.more = make(chan struct{})
}

func (s *store) all() ([]actors.Sample, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samples, s.more
}

// wait returns the samples when there are so many.
func (s *store) wait(t testing.TB, n int) []actors.Sample {
	t.Helper()
	over := time.After(patience)
	for {
		samples, more := s.all()
		if len(samples) >= n {
			return samples
		}
		select {
		case <-more:
		case <-over:
			t.Fatalf("%d samples came, want %d: %v", len(samples), n, samples)
		}
	}
}

// served is an open session whose Push runs.
type served struct {
	actors.Session
	store *store
	ended chan error // of Push
}

// open opens a session. The device is told to dial in meanwhile, if there is something to tell.
func open(t testing.TB, driver *mqttd.Driver, d actors.Device, s *store, dial func()) *served {
	t.Helper()
	type opened struct {
		session actors.Session
		err     error
	}
	came := make(chan opened, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		session, err := driver.Open(ctx, d)
		came <- opened{session, err}
	}()
	if dial != nil {
		dial()
	}
	o := <-came
	if o.err != nil {
		t.Fatal(o.err)
	}
	v := &served{Session: o.session, store: s, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	go func() { v.ended <- v.Session.(actors.Pusher).Push(ctx, s) }()
	t.Cleanup(func() {
		stop()
		if err := v.Session.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return v
}

// write writes a value to a resource, within a time.
func (v *served) write(name string, value *roostv1.Value, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, err := v.Session.(actors.Actuator).Actuate(ctx, actors.Action{CommandID: "c", Command: "set", Resource: name, Value: value})
	return err
}

// unknown reports whether an error says that nobody knows what became of it.
func unknown(err error) bool {
	return err != nil && !errors.Is(err, actors.ErrNotSent) && !errors.Is(err, actors.ErrRefused)
}

func freeAddress(t testing.TB) string { return peertest.FreeAddress(t, "tcp") }

// newDriver returns a driver that reads secrets wherever a test has them.
func newDriver() *mqttd.Driver { return &mqttd.Driver{Secrets: keys.Anywhere} }
