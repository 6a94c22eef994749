//go:build unix

package gateway_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// siren is a driver whose hardware writes down what it was told: hoots, which must not be repeated, and its pitch.
type siren struct {
	mu    sync.Mutex
	opens int
	polls int
	done  []string // ids of commands
	pitch float64
	hold  chan struct{} // while it is not nil and open, an act does not end
	held  chan struct{} // is sent to by an act that does not end
}

func (s *siren) Open(context.Context, actors.Device) (actors.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opens++
	return s, nil
}

func (s *siren) Close(context.Context) error { return nil }

func (s *siren) Poll(context.Context, []string) ([]actors.Sample, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	return []actors.Sample{{Resource: "pitch", Value: roostv1.Double(s.pitch)}}, nil
}

func (s *siren) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	s.mu.Lock()
	s.done = append(s.done, a.CommandID)
	if a.Resource == "pitch" {
		s.pitch = a.Value.GetDouble()
	}
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		s.held <- struct{}{}
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, nil
}

func (s *siren) times(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, done := range s.done {
		if done == id {
			n++
		}
	}
	return n
}

func (s *siren) at() (opens, polls int, pitch float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens, s.polls, s.pitch
}

// station is a gateway with one siren that only it can reach.
type station struct {
	hub    *clustertest.Hub
	folder string
}

// newStation has the siren served once with the hub, so that the gateway can do without, and stops both.
func newStation(t *testing.T) *station {
	t.Helper()
	s := &station{hub: clustertest.Start(t), folder: t.TempDir()}
	g, stop := s.run(t, &siren{}, s.folder)
	if err := g.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := s.client(t)
	if _, err := client.Apply(t.Context(), sirens()); err != nil {
		t.Fatal(err)
	}
	if r, err := client.Send(t.Context(), hoot("first"), 10*time.Second); err != nil || r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.Fatalf("with the hub: got %v, %v", r, err)
	}
	eventually(t, "the registry is stored", func() bool { return g.Cluster().Status().RegistryRevision > 0 })
	stop()
	s.hub.Stop()
	return s
}

func sirens() *roostv1.Fleet {
	return &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{
			Id: "siren",
			Resources: []*roostv1.Resource{{
				Name: "pitch", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Access: roostv1.Access_ACCESS_READ_WRITE,
				WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
			}},
			Commands: []*roostv1.CommandSpec{{Name: "hoot", WriteKind: roostv1.WriteKind_WRITE_KIND_PULSE}},
		}},
		Devices: []*roostv1.DeviceSpec{{
			Id: "siren-1", Profile: "siren", Driver: "siren", PollInterval: durationpb.New(50 * time.Millisecond),
			Placement: &roostv1.Placement{Gateways: []string{"gw-1"}},
		}},
	}
}

func hoot(id string) *roostv1.Command {
	return &roostv1.Command{Id: id, DeviceId: "siren-1", Name: "hoot", Timeout: durationpb.New(20 * time.Second)}
}

func (s *station) client(t *testing.T) *cluster.Client {
	t.Helper()
	client, err := cluster.NewClient(s.hub.Connect(t), cluster.DefaultFleet)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// run runs gateway gw-1 on a folder until the test ends or stop is called.
func (s *station) run(t *testing.T, hardware *siren, path string) (*gateway.Gateway, func()) {
	t.Helper()
	folder, err := gateway.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := cluster.ConnectGateway(s.hub.URL(), "gw-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{
		ID: "gw-1", Conn: nc, Folder: folder, Edge: true, Lease: time.Second,
		Drivers: map[string]actors.Driver{"siren": hardware},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = g.Run(ctx) // what could not be stored without the hub is told
	})
	stop := sync.OnceFunc(func() {
		cancel()
		running.Wait()
		nc.Close()
		_ = folder.Close()
	})
	t.Cleanup(stop)
	return g, stop
}

// send has a command accepted without the hub, and waits for its end.
func sendAlone(t *testing.T, g *gateway.Gateway, c *roostv1.Command, wait time.Duration) *roostv1.CommandRecord {
	t.Helper()
	type answer struct {
		record *roostv1.CommandRecord
		err    error
	}
	answers := make(chan answer, 1)
	g.Cluster().SubmitLocal(t.Context(), c, wait, func(r *roostv1.CommandRecord, err error) { answers <- answer{r, err} })
	a := <-answers
	if a.err != nil {
		t.Fatalf("command %s: %v", c.Id, a.err)
	}
	return a.record
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for !is() {
		select {
		case <-ticker.C:
		case <-late.C:
			t.Fatalf("%s: not so after 30 s", what)
		}
	}
}

// files are the commands that are stored.
func (s *station) files(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "commands", "siren-1.*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

// TestDeviceWithoutTheHub: a gateway that starts while the hub is away samples its own device, keeps it as desired and
// carries out commands, in time by a clock that is not the wall's. What is under way when the hub comes back ends as it
// began, and the hub has the record of everything once.
func TestDeviceWithoutTheHub(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	hardware := &siren{hold: make(chan struct{}), held: make(chan struct{}, 8)}
	close(hardware.hold)
	g, _ := s.run(t, hardware, s.folder)
	eventually(t, "it is sampled", func() bool { _, polls, _ := hardware.at(); return polls > 3 })
	if n, revision := g.Alone(); n != 1 || revision == 0 {
		t.Errorf("alone: got %d devices at revision %d", n, revision)
	}
	eventually(t, "it counts as away", func() bool { _, away := g.Cluster().HubAway(); return away })
	r := sendAlone(t, g, hoot("once"), 10*time.Second)
	if r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || hardware.times("once") != 1 {
		t.Fatalf("got %v, done %d times", r, hardware.times("once"))
	}
	set := &roostv1.Command{Id: "set", DeviceId: "siren-1", Name: "set", Arguments: map[string]*roostv1.Value{"pitch": roostv1.Double(440)}}
	if r := sendAlone(t, g, set, 10*time.Second); r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.Fatalf("got %v", r)
	}

	hold := make(chan struct{})
	hardware.mu.Lock()
	hardware.hold, hardware.held = hold, make(chan struct{}, 8)
	hardware.mu.Unlock()
	ended := make(chan *roostv1.CommandRecord, 1)
	g.Cluster().SubmitLocal(t.Context(), hoot("long"), time.Minute, func(r *roostv1.CommandRecord, _ error) { ended <- r })
	<-hardware.held
	late := hoot("late")
	late.ExpiresIn, late.QueueWhileAway = durationpb.New(300*time.Millisecond), true
	if r := sendAlone(t, g, late, 10*time.Second); r.State != roostv1.CommandState_COMMAND_STATE_EXPIRED {
		t.Errorf("what came too late: got %v", r)
	}
	s.hub.Restart()
	if err := g.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, func() { close(hold) })
	if r := <-ended; r.GetState() != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.Errorf("what was under way: got %v", r)
	}
	eventually(t, "all is merged", func() bool { return len(s.files(t, s.folder)) == 0 })
	client := s.client(t)
	for id, state := range map[string]roostv1.CommandState{
		"once": roostv1.CommandState_COMMAND_STATE_SUCCEEDED, "set": roostv1.CommandState_COMMAND_STATE_SUCCEEDED,
		"long": roostv1.CommandState_COMMAND_STATE_SUCCEEDED, "late": roostv1.CommandState_COMMAND_STATE_EXPIRED,
	} {
		r, err := client.Command(t.Context(), "siren-1", id, 0)
		if err != nil || r.State != state || r.LocalGateway != "gw-1" {
			t.Errorf("%s at the hub: got %v, %v", id, r, err)
		}
		if age := time.Since(r.GetAcceptedAt().AsTime()); age < 0 || age > time.Minute {
			t.Errorf("%s was accepted %v ago", id, age)
		}
	}
	if hardware.times("once") != 1 || hardware.times("long") != 1 || hardware.times("late") != 0 {
		t.Errorf("the hardware did %v", hardware.done)
	}
	if r, err := client.Send(t.Context(), hoot("after"), 10*time.Second); err != nil || r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || r.LocalGateway != "" {
		t.Errorf("with the hub: got %v, %v", r, err)
	}
	if opens, _, pitch := hardware.at(); opens > 2 || pitch != 440 {
		t.Errorf("it was opened %d times, and its pitch is %v", opens, pitch)
	}
}

// TestCrashWithoutTheHub: of a command that was on the wire when the gateway was killed nobody knows, and it is not sent
// again; what was only stored is carried out; both are merged once.
func TestCrashWithoutTheHub(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	before := &siren{hold: make(chan struct{}), held: make(chan struct{}, 8)}
	g, stop := s.run(t, before, s.folder)
	eventually(t, "it is served", func() bool { _, polls, _ := before.at(); return polls > 0 })
	eventually(t, "it counts as away", func() bool { _, away := g.Cluster().HubAway(); return away })
	var ends atomic.Int64
	for _, id := range []string{"sent", "stored"} {
		c := hoot(id)
		c.QueueWhileAway = true
		g.Cluster().SubmitLocal(t.Context(), c, time.Minute, func(*roostv1.CommandRecord, error) { ends.Add(1) })
		if id == "sent" {
			<-before.held
		}
	}
	eventually(t, "both are stored", func() bool { return len(s.files(t, s.folder)) == 2 })
	var image string // as a kill leaves it
	eventually(t, "the folder is copied", func() bool {
		image = filepath.Join(t.TempDir(), "gw-1")
		return os.CopyFS(image, os.DirFS(s.folder)) == nil && len(s.files(t, image)) == 2 // no file was replaced meanwhile
	})
	close(before.hold)
	stop()

	after := &siren{}
	g, _ = s.run(t, after, image)
	eventually(t, "what was only stored is carried out", func() bool { return after.times("stored") == 1 })
	s.hub.Restart()
	eventually(t, "both are merged", func() bool { return len(s.files(t, image)) == 0 })
	client := s.client(t)
	want := []roostv1.CommandState{
		roostv1.CommandState_COMMAND_STATE_ACCEPTED, roostv1.CommandState_COMMAND_STATE_DISPATCHED,
		roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.CommandState_COMMAND_STATE_INDETERMINATE,
	}
	r, err := client.Command(t.Context(), "siren-1", "sent", 0)
	if got := statesOf(r); err != nil || !slices.Equal(got, want) {
		t.Errorf("what was sent: got %v, %v", r, err)
	}
	r, err = client.Command(t.Context(), "siren-1", "stored", 0)
	if err != nil || r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.Errorf("what was stored: got %v, %v", r, err)
	}
	if after.times("sent") != 0 || after.times("stored") != 1 {
		t.Errorf("after the crash the hardware did %v", after.done)
	}
}

func statesOf(r *roostv1.CommandRecord) []roostv1.CommandState {
	var all []roostv1.CommandState
	for _, change := range r.GetTransitions() {
		if change.State != roostv1.CommandState_COMMAND_STATE_QUEUED {
			all = append(all, change.State)
		}
	}
	return all
}

// TestDesiredWithoutTheHub: what is desired comes about again without the hub, also after a hand at the device.
func TestDesiredWithoutTheHub(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.hub.Restart()
	first := &siren{}
	g, stop := s.run(t, first, s.folder)
	if err := g.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	set := map[string]*roostv1.Value{"pitch": roostv1.Double(300)}
	if _, err := s.client(t).SetDesired(t.Context(), "siren-1", set, nil, "the tuner", ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is as desired", func() bool { _, _, pitch := first.at(); return pitch == 300 })
	eventually(t, "that is stored", func() bool {
		stored, err := os.ReadFile(filepath.Join(s.folder, "registry"))
		return err == nil && bytes.Contains(stored, []byte("the tuner"))
	})
	s.hub.Stop()
	eventually(t, "it counts as away", func() bool { _, away := g.Cluster().HubAway(); return away })
	first.mu.Lock()
	first.pitch = 5 // by hand
	first.mu.Unlock()
	eventually(t, "it is as desired again", func() bool { _, _, pitch := first.at(); return pitch == 300 })
	stop()

	second := &siren{}
	s.run(t, second, s.folder)
	eventually(t, "it is as desired after a start without the hub", func() bool { _, _, pitch := second.at(); return pitch == 300 })
	eventually(t, "its commands are stored", func() bool { return len(s.files(t, s.folder)) > 0 })
	s.hub.Restart()
	eventually(t, "they are merged", func() bool { return len(s.files(t, s.folder)) == 0 })
}
