package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// patience is how long something may take that should come at once.
const patience = 20 * time.Second

// broker is mosquitto.
type broker struct {
	*peertest.Peer
	at string
}

// startBroker starts mosquitto, with more lines of configuration.
func startBroker(t testing.TB, config ...string) *broker {
	t.Helper()
	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"),
		peertest.Program("mosquitto_sub", "mosquitto-clients"))
	at := peertest.FreeAddress(t, "tcp")
	if len(config) == 0 {
		config = []string{"allow_anonymous true", "log_type all"}
	}
	lines := append([]string{"user root", "listener " + peertest.Port(at) + " 127.0.0.1"}, config...) // who is root stays it, to read the files
	path := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &broker{at: at, Peer: peertest.Start(t, peertest.Command{
		Name: "mosquitto", Args: []string{"-c", path}, Ready: []peertest.Ready{peertest.Listens(at)},
	})}
}

// client is mosquitto_pub or mosquitto_sub at the broker.
func (b *broker) client(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, program, append([]string{"-h", "127.0.0.1", "-p", peertest.Port(b.at)}, args...)...)
	c.WaitDelay = time.Second
	return c
}

// publish publishes a message as a device does.
func (b *broker) publish(t testing.TB, topic, payload string, more ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := append([]string{"-q", "1", "-t", topic, "-m", payload}, more...)
	if out, err := b.client(ctx, "mosquitto_pub", args...).CombinedOutput(); err != nil {
		t.Fatalf("publish %q to %s: %v\n%s", payload, topic, err, out)
	}
}

// feed publishes a message again and again until the test ends.
func (b *broker) feed(t testing.TB, topic, payload string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	pub := b.client(ctx, "mosquitto_pub", "-q", "1", "-t", topic, "-l")
	in, err := pub.StdinPipe()
	if err == nil {
		err = pub.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = fmt.Fprintln(in, payload)
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = pub.Wait() // it was killed
	})
}

// subscribers counts them, for their names.
var subscribers atomic.Int32

// subscribe starts a subscriber that says "got topic retained payload" for each message, and ends with the test.
func (b *broker) subscribe(t testing.TB, topic string, more ...string) *peertest.Peer {
	t.Helper()
	id := fmt.Sprintf("subscriber-%d", subscribers.Add(1))
	args := []string{"-h", "127.0.0.1", "-p", peertest.Port(b.at), "-i", id, "-q", "1", "-F", "got %t %r %p", "-t", topic}
	p := peertest.Start(t, peertest.Command{Name: "mosquitto_sub", Args: append(args, more...)})
	b.Wait(t, id+" 1 "+topic)
	return p
}

// device has an address, and resources.
func device(id, at string, resources ...*roostv1.Resource) actors.Device {
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: id, Profile: "test", Driver: mqtt.Name, Address: words("broker=tcp://" + at)},
		Profile: &roostv1.Profile{Id: "test", Resources: resources},
	}
}

// with returns the device with more in its address.
func with(d actors.Device, more string) actors.Device {
	for key, value := range words(more) {
		d.Spec.Address[key] = value
	}
	return d
}

// words are key=value, separated by spaces.
func words(text string) map[string]string {
	m := make(map[string]string)
	for _, pair := range strings.Fields(text) {
		key, value, _ := strings.Cut(pair, "=")
		m[key] = value
	}
	return m
}

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
)

// readable is a resource that can be read.
func readable(name string, kind roostv1.ValueType, protocol string) *roostv1.Resource {
	return &roostv1.Resource{Name: name, Type: kind, Access: roostv1.Access_ACCESS_READ, Protocol: words(protocol)}
}

// writable is one that can be written too.
func writable(name string, kind roostv1.ValueType, protocol string) *roostv1.Resource {
	r := readable(name, kind, protocol)
	r.Access, r.WriteKind = roostv1.Access_ACCESS_READ_WRITE, roostv1.WriteKind_WRITE_KIND_ABSOLUTE
	return r
}

// open opens a session, which ends with the test.
func open(t testing.TB, d *mqtt.Driver, to actors.Device) actors.Session {
	t.Helper()
	s, err := tryOpen(t, d, to)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryOpen(t testing.TB, d *mqtt.Driver, to actors.Device) (actors.Session, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := d.Open(ctx, to)
	if err == nil {
		t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	}
	return s, err
}

// sink takes samples, as the test wants.
type sink struct {
	mu      sync.Mutex
	samples []actors.Sample
	lost    int
	more    chan struct{}
	deliver func(context.Context, []actors.Sample) error // nil: it stores them
}

func newSink() *sink { return &sink{more: make(chan struct{})} }

func (s *sink) Emit(samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, samples...)
	close(s.more)
	s.more = make(chan struct{})
	return nil
}

func (s *sink) Deliver(ctx context.Context, samples ...actors.Sample) error {
	if s.deliver != nil {
		if err := s.deliver(ctx, samples); err != nil {
			return err
		}
	}
	return s.Emit(samples...)
}

func (s *sink) Lost(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += n
}

func (s *sink) losses() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// wait returns all samples as text, as soon as there are so many.
func (s *sink) wait(t testing.TB, n int) []string {
	t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		samples, more := s.samples, s.more
		s.mu.Unlock()
		if len(samples) >= n {
			var text []string
			for _, sample := range samples {
				text = append(text, show(sample))
			}
			return text
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("%d samples came, want %d", len(samples), n)
		}
	}
}

func show(s actors.Sample) string {
	text := s.Resource + " " + s.Value.Format()
	if s.Quality != roostv1.Quality_QUALITY_UNSPECIFIED {
		text += fmt.Sprintf(" %s %s", s.Quality.Word(), s.Reason.Word())
	}
	if !s.Source.IsZero() {
		text += " " + s.Source.UTC().Format(time.RFC3339)
	}
	return text
}

// pushing runs a session's Push until the test ends.
type pushing struct {
	sink  *sink
	stop  context.CancelFunc
	ended chan error
}

func push(t testing.TB, s actors.Session, to *sink) *pushing {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &pushing{sink: to, stop: stop, ended: make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.ended <- s.(actors.Pusher).Push(ctx, to)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return p
}

// wantEnd waits until Push has failed.
func (p *pushing) wantEnd(t testing.TB, want error) error {
	t.Helper()
	select {
	case err := <-p.ended:
		if !errors.Is(err, want) {
			t.Errorf("push ended with %v, want %v", err, want)
		}
		return err
	case <-time.After(patience):
		t.Fatal("push has not ended")
		return nil
	}
}

func act(t testing.TB, s actors.Session, a actors.Action, within time.Duration) (map[string]*roostv1.Value, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return s.(actors.Actuator).Actuate(ctx, a)
}

// newDriver returns a driver that reads secrets wherever a test has them.
func newDriver() *mqtt.Driver { return &mqtt.Driver{Secrets: keys.Anywhere} }
