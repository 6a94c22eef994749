package live_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/live"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)

func status(id string, state roostv1.DeviceState) *roostv1.DeviceStatus {
	return &roostv1.DeviceStatus{DeviceId: id, Profile: "pump", State: state, Gateway: "gw-1", Epoch: 5}
}

func profile() *roostv1.Profile {
	return &roostv1.Profile{Id: "pump", Resources: []*roostv1.Resource{
		{Name: "speed", Unit: "{rev}/min"}, {Name: "temperature", Unit: "Cel"}, {Name: "run"},
	}}
}

func batch(epoch, first uint64, readings ...*roostv1.Reading) *roostv1.ReadingBatch {
	return &roostv1.ReadingBatch{DeviceId: "pump", Epoch: epoch, FirstSequence: first, Readings: readings}
}

func speed(f float64) *roostv1.Reading {
	return &roostv1.Reading{Resource: "speed", Value: roostv1.Double(f)}
}

// board has a pump that is well, and a cellar that is not.
func board() *live.Board {
	b := live.NewBoard()
	cellar := status("cellar", roostv1.DeviceState_DEVICE_STATE_RESTARTING)
	cellar.Restarts = 3
	b.Devices([]*roostv1.DeviceStatus{cellar, status("pump", roostv1.DeviceState_DEVICE_STATE_ONLINE)}, now)
	b.Profile("pump", profile())
	b.Batch(batch(5, 1, speed(900), &roostv1.Reading{Resource: "temperature", Value: roostv1.Double(41.2)}))
	b.Event(&roostv1.Event{
		At: timestamppb.New(now.Add(-3 * time.Second)), DeviceId: "cellar", Kind: roostv1.EventKind_EVENT_KIND_FAILED,
		Message: "poll: no answer \x1b[2J, and a text that is so long that it does not fit anywhere at all, however wide the terminal is",
	})
	return b
}

func frame(b *live.Board, width, height, scroll int) []string {
	lines, _ := b.Frame(live.View{Title: "roost", Hint: "q quits", Width: width, Height: height, Scroll: scroll}, now)
	return lines
}

func TestFrame(t *testing.T) {
	got := strings.Join(frame(board(), 100, 12, 0), "\n")
	want := strings.TrimSpace(`
roost
2 devices · 1 restarting · 1 online

DEVICE  STATE       GATEWAY  LAST VALUE                     RESTARTS  LAST EVENT
cellar  restarting  gw-1     -                                     3  3s ago, failed: poll: no answ…
pump    online      gw-1     speed 900 rev/min, temperatu…         0  -

11:59:57  cellar      failed: poll: no answer  [2J, and a text that is so long that it does not fit…



q quits`)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFrameFits: no frame is wider or higher than its terminal, however small that is, and however
// far it is scrolled.
func TestFrameFits(t *testing.T) {
	b := board()
	var many []*roostv1.DeviceStatus
	for i := range 40 {
		many = append(many, status(fmt.Sprintf("device-with-a-long-name-%02d", i), roostv1.DeviceState_DEVICE_STATE_ONLINE))
	}
	b.Devices(many, now)
	for width := 1; width < 160; width += 13 {
		for height := 1; height < 60; height += 2 {
			for _, scroll := range []int{-1, 17, 1000} {
				lines := frame(b, width, height, scroll)
				if len(lines) > height {
					t.Fatalf("%d x %d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if n := text.StringWidthWithoutEscSequences(line); n > width {
						t.Fatalf("%d x %d: a line has %d columns: %q", width, height, n, line)
					}
				}
			}
		}
	}
}

// TestFrameScrolls: every device can be brought to sight.
func TestFrameScrolls(t *testing.T) {
	b := live.NewBoard()
	var many []*roostv1.DeviceStatus
	for i := range 40 {
		many = append(many, status(fmt.Sprintf("d%02d", i), roostv1.DeviceState_DEVICE_STATE_ONLINE))
	}
	b.Devices(many, now)
	_, most := b.Frame(live.View{Title: "roost", Hint: "q quits", Width: 80, Height: 24}, now)
	seen := map[string]bool{}
	for scroll := 0; scroll <= most; scroll++ {
		for _, line := range frame(b, 80, 24, scroll) {
			id, _, _ := strings.Cut(line, " ")
			seen[id] = true
		}
	}
	for _, d := range many {
		if !seen[d.DeviceId] {
			t.Errorf("%s is never to be seen", d.DeviceId)
		}
	}
}

// TestLastValue: a value is replaced only by a later one, whatever order they come in.
func TestLastValue(t *testing.T) {
	shown := func(b *live.Board) string { return strings.Join(frame(b, 120, 20, 0), "\n") }
	b := board()
	b.Batch(batch(5, 1, speed(1)))
	b.Batch(batch(4, 99, speed(2)))
	if got := shown(b); !strings.Contains(got, "speed 900 rev/min") {
		t.Errorf("an old value is shown:\n%s", got)
	}
	b.Batch(batch(5, 3, speed(950)))
	b.Batch(batch(6, 1, speed(1000)))
	if got := shown(b); !strings.Contains(got, "speed 1000 rev/min") {
		t.Errorf("the last value is not shown:\n%s", got)
	}
	b.Batch(batch(6, 2, &roostv1.Reading{Resource: "speed"}))
	if got := shown(b); !strings.Contains(got, "speed -") {
		t.Errorf("that there is no value any more is not shown:\n%s", got)
	}
}

// TestProblem: while the devices are not known, the old ones are shown for what they are.
func TestProblem(t *testing.T) {
	b := board()
	b.Problem(errors.New("the hub\nis away"))
	lines, _ := b.Frame(live.View{Width: 100, Height: 20}, now.Add(7*time.Second))
	if got, want := lines[1], "devices not known: the hub is away, known as of 7s ago"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := strings.Join(lines, "\n"); !strings.Contains(got, "pump") {
		t.Errorf("the devices are gone:\n%s", got)
	}
}

// TestBoardForgets: what is said of devices that are gone goes too, and events do not pile up.
func TestBoardForgets(t *testing.T) {
	b := board()
	pump := []*roostv1.DeviceStatus{status("pump", roostv1.DeviceState_DEVICE_STATE_ONLINE)}
	b.Devices(nil, now)
	b.Devices(pump, now)
	if got := strings.Join(frame(b, 100, 20, 0), "\n"); strings.Contains(got, "speed") {
		t.Errorf("the value of a device that was gone is shown:\n%s", got)
	}
	for i := range 1000 {
		b.Event(&roostv1.Event{At: timestamppb.New(now), Kind: roostv1.EventKind_EVENT_KIND_GATEWAY, Gateway: "gw-1", Message: fmt.Sprint("event ", i)})
	}
	if got := strings.Join(frame(b, 100, 40, 0), "\n"); !strings.Contains(got, "event 999") || strings.Contains(got, "event 980") {
		t.Errorf("the last events are not those that are shown:\n%s", got)
	}
}

// TestMissing: the board asks for each profile once, also for one that there is not.
func TestMissing(t *testing.T) {
	b := live.NewBoard()
	b.Devices([]*roostv1.DeviceStatus{status("pump", 0), status("pump2", 0)}, now)
	if got := b.Missing(); len(got) != 1 || got["pump"] == "" {
		t.Errorf("got %v, want the profile pump", got)
	}
	b.Profile("pump", nil)
	if got := b.Missing(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}
