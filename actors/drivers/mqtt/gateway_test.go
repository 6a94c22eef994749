package mqtt_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// memory is a store that counts readings, and keeps as many as it is told to.
type memory struct {
	mu    sync.Mutex
	keep  bool
	count int
	more  chan struct{} // closed when something was stored
	kept  []*roostv1.ReadingBatch
}

func newMemory(keep bool) *memory { return &memory{keep: keep, more: make(chan struct{})} }

func (m *memory) Store(batch *roostv1.ReadingBatch, done func(error)) {
	m.mu.Lock()
	m.count += len(batch.Readings)
	if m.keep {
		m.kept = append(m.kept, proto.CloneOf(batch))
	}
	close(m.more)
	m.more = make(chan struct{})
	m.mu.Unlock()
	done(nil)
}

// wait waits until so many readings are stored.
func (m *memory) wait(t testing.TB, n int) {
	t.Helper()
	timeout := time.After(3 * patience)
	for {
		m.mu.Lock()
		count, more := m.count, m.more
		m.mu.Unlock()
		if count >= n {
			return
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("%d readings were stored, want %d", count, n)
		}
	}
}

// last returns what the last reading of a resource was.
func (m *memory) last(resource string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, batch := range slices.Backward(m.kept) {
		for _, r := range slices.Backward(batch.Readings) {
			if r.Resource == resource {
				return r.Value.Format() + " " + r.Quality.Word()
			}
		}
	}
	return ""
}

// gateway runs devices, each on its own bus, until the test ends.
func gateway(t testing.TB, store actors.Store, devices ...actors.Device) *actors.Gateway {
	t.Helper()
	g, err := actors.New(actors.Config{ID: "gw-1", Store: store, Drivers: map[string]actors.Driver{mqtt.Name: &mqtt.Driver{Secrets: keys.Anywhere, Gateway: "gw-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for i, d := range devices {
		if err := g.Assign(t.Context(), &roostv1.Assignment{
			Bus: d.Spec.BusID(), Epoch: uint64(i + 1), Devices: []*roostv1.DeviceSpec{d.Spec}, Profiles: []*roostv1.Profile{d.Profile},
		}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// wantState waits until a device is in a state.
func wantState(t testing.TB, g *actors.Gateway, id string, want roostv1.DeviceState) {
	t.Helper()
	for end := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		status, served := g.Status(id)
		if served && status.State == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %s (%s), want %s", id, status.GetState().Word(), status.GetLastError().GetMessage(), want.Word())
		}
	}
}

// TestSupervised: a device that is commanded by its state topic, goes away, and comes back; its broker is killed and comes back.
func TestSupervised(t *testing.T) {
	b := startBroker(t)
	d := with(device("plug", b.at, writable("on", isBool, "topic={base}/state write_topic={base}/set true=ON false=OFF")),
		"base=plug presence={base}/lwt presence_wait=200ms keepalive=1s")
	d.Profile.Resources[0].SettleTime = durationpb.New(patience)
	d.Profile.Commands = []*roostv1.CommandSpec{{
		Name: "switch", WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE, Confirmation: roostv1.Confirmation_CONFIRMATION_READBACK,
		Arguments: []*roostv1.Argument{{Name: "on", Type: isBool}},
		Steps:     []*roostv1.Step{{Resource: "on", Source: &roostv1.Step_Argument{Argument: "on"}}},
	}}
	d.Spec.Supervision = &roostv1.SupervisionPolicy{BaseDelay: durationpb.New(50 * time.Millisecond), MaxDelay: durationpb.New(200 * time.Millisecond), MaxFailures: 1000}
	b.publish(t, "plug/lwt", "online", "-r")
	store := newMemory(true)
	g := gateway(t, store, d)
	wantState(t, g, "plug", roostv1.DeviceState_DEVICE_STATE_ONLINE)

	heard := b.subscribe(t, "plug/set")
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		heard.Wait(t, "got plug/set 0 ON")
		b.publish(t, "plug/state", "ON")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := g.Execute(ctx, &roostv1.Command{Id: "c1", DeviceId: "plug", Name: "switch", Arguments: map[string]*roostv1.Value{"on": roostv1.Bool(true)}})
	<-echoed
	if err != nil {
		t.Fatal(err)
	}
	if r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || r.Confirmation != roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED {
		t.Errorf("a write that the state topic shows: %s by %s, %s", r.State.Word(), r.Confirmation.Word(), r.Status.GetMessage())
	}

	b.publish(t, "plug/lwt", "offline", "-r")
	wantState(t, g, "plug", roostv1.DeviceState_DEVICE_STATE_RESTARTING)
	if got := store.last("on"); !strings.HasSuffix(got, "bad") {
		t.Errorf("the last reading of a device that is away is %q, want a bad one", got)
	}
	b.publish(t, "plug/lwt", "online", "-r")
	back := time.Now()
	wantState(t, g, "plug", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	t.Logf("the device came back: it was online %v later, with restarts 200 ms apart at most", time.Since(back).Round(time.Millisecond))

	b.Kill()
	wantState(t, g, "plug", roostv1.DeviceState_DEVICE_STATE_RESTARTING)
	b.Restart(t)
	back = time.Now()
	wantState(t, g, "plug", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	t.Logf("the broker came back: the device was online %v later", time.Since(back).Round(time.Millisecond))
}
