package control_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// gateway is a control.Fleet with some pumps, that notes what it is sent.
type gateway struct {
	pumps int
	tap   *control.Tap
	// submit answers commands; nil: each SUCCEEDED.
	submit func(ctx context.Context, c *roostv1.Command, answer func(*roostv1.CommandRecord, error))

	mu   sync.Mutex
	sent []*roostv1.Command
}

func (g *gateway) id(n int) string { return fmt.Sprintf("pump-%04d", n) }

func (g *gateway) Statuses(after string, limit int) (page []*roostv1.DeviceStatus, more bool) {
	for n := range g.pumps {
		if g.id(n) <= after {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, &roostv1.DeviceStatus{DeviceId: g.id(n), State: roostv1.DeviceState_DEVICE_STATE_ONLINE, Bus: g.id(n)})
	}
	return page, false
}

func (g *gateway) Buses(after string, limit int) (page []*roostv1.BusStatus, more bool) {
	devices, more := g.Statuses(after, limit)
	for _, d := range devices {
		page = append(page, &roostv1.BusStatus{Bus: d.Bus, Gateway: "gw-1", Devices: 1, Answering: 1})
	}
	return page, more
}

func (g *gateway) Device(id string) (control.Device, bool) {
	page, _ := g.Statuses("", g.pumps)
	for _, status := range page {
		if status.DeviceId == id {
			return control.Device{
				Spec: &roostv1.DeviceSpec{Id: id, Profile: "pump"}, Status: status,
				Profile: &roostv1.Profile{Id: "pump", Resources: []*roostv1.Resource{{Name: "flow", Unit: "L/min"}}},
			}, true
		}
	}
	return control.Device{}, false
}

func (g *gateway) Story(device string) (*roostv1.Story, error) {
	if _, ok := g.Device(device); !ok {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s here", device)
	}
	return &roostv1.Story{DeviceId: device, Owner: "gw-1", Epoch: 7}, nil
}

func (g *gateway) Submit(ctx context.Context, c *roostv1.Command, _ time.Duration, answer func(*roostv1.CommandRecord, error)) {
	g.mu.Lock()
	g.sent = append(g.sent, c)
	g.mu.Unlock()
	if g.submit != nil {
		g.submit(ctx, c, answer)
		return
	}
	answer(&roostv1.CommandRecord{CommandId: c.Id, DeviceId: c.DeviceId, State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED, Command: c}, nil)
}

func (g *gateway) Tap() *control.Tap { return g.tap }

// commands are those that it was sent.
func (g *gateway) commands() []*roostv1.Command {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent
}

// flow is a batch of readings of the flow of a pump.
func flow(device string, sequence uint64, values ...float64) *roostv1.ReadingBatch {
	b := &roostv1.ReadingBatch{DeviceId: device, Epoch: 7, FirstSequence: sequence, BaseTime: timestamppb.Now()}
	for _, v := range values {
		b.Readings = append(b.Readings, &roostv1.Reading{Resource: "flow", Value: roostv1.Double(v), Quality: roostv1.Quality_QUALITY_GOOD})
	}
	return b
}

// folder is a new folder with a path that is short enough for a socket, as t.TempDir's is not always.
func folder(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("", "roost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

// serve serves a gateway until the test ends, and returns a client of it and its folder.
func serve(t *testing.T, g *gateway, change ...func(*control.Config)) (*control.Client, string) {
	t.Helper()
	if g.tap == nil {
		g.tap = control.NewTap()
	}
	cfg := control.Config{Folder: folder(t), Fleet: g}
	for _, c := range change {
		c(&cfg)
	}
	s, err := control.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(s.Path()); !os.IsNotExist(err) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return control.NewClient(cfg.Folder), cfg.Folder
}

// me is how this test's user is named in commands.
func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("local:%s(%s)", u.Username, u.Uid)
}
