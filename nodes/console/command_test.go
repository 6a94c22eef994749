package console_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	accepted   = roostv1.CommandState_COMMAND_STATE_ACCEPTED
	queued     = roostv1.CommandState_COMMAND_STATE_QUEUED
	dispatched = roostv1.CommandState_COMMAND_STATE_DISPATCHED
	unknown    = roostv1.CommandState_COMMAND_STATE_UNKNOWN
	succeeded  = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
	failed     = roostv1.CommandState_COMMAND_STATE_FAILED
)

// zone is where these tests take place.
var zone = time.FixedZone("CET", 3600)

// taken is a command that a second gateway took over from one that was killed after it had sent it.
func taken(at time.Time) *roostv1.CommandRecord {
	after := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(at.Add(d)) }
	r := record(succeeded, nil)
	r.Confirmation, r.Effect = roostv1.Confirmation_CONFIRMATION_READBACK, roostv1.Effect_EFFECT_APPLIED
	r.Gateway, r.Epoch, r.Attempt = "gw-2", 31, 1
	r.AcceptedAt, r.DispatchedAt, r.FinishedAt = after(0), after(4*time.Millisecond), after(2310*time.Millisecond)
	r.Command.Sender, r.Command.Reason, r.Command.ParentId = "ann@desk", "night run", "batch-17"
	r.Command.ExpiresIn, r.Command.Priority = durationpb.New(30*time.Second), roostv1.Priority_PRIORITY_HIGH
	r.Command.Precondition = &roostv1.Precondition{Resource: "run", Equals: roostv1.Bool(true)}
	r.Transitions = []*roostv1.CommandTransition{
		{State: accepted, At: after(0), Gateway: "gw-3"},
		{State: dispatched, At: after(4 * time.Millisecond), Gateway: "gw-1", Epoch: 7, Attempt: 1},
		{State: unknown, At: after(2300 * time.Millisecond), Gateway: "gw-2", Epoch: 31, Attempt: 1,
			Status: roostv1.Errorf(roostv1.ErrOutcomeUnknown, "pump: the gateway stopped after sending")},
		{State: succeeded, At: after(2310 * time.Millisecond), Gateway: "gw-2", Epoch: 31, Attempt: 1},
	}
	r.Steps = []*roostv1.StepResult{{Resource: "speed", Value: roostv1.Double(900), State: succeeded, Readback: roostv1.Double(900)}}
	r.Results = map[string]*roostv1.Value{"firmware": roostv1.Text("1.2")}
	r.Evidence = []*roostv1.Evidence{{At: after(2309 * time.Millisecond), Gateway: "gw-2", Text: "read back", Value: roostv1.Double(900)}}
	return r
}

func TestCommand(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, int(250*time.Millisecond), time.UTC)
	var out bytes.Buffer
	if err := console.Command(console.Screen{Writer: &out}, taken(at), zone); err != nil {
		t.Fatal(err)
	}
	same(t, out.String(), `
pump set_speed rpm=900: SUCCEEDED, verified by read-back
  command    c1
  part of    batch-17
  sent by    ann@desk
  reason     night run
  asked for  expires in 30s, high priority, only if run=true
  accepted   2026-03-01 13:00:00.250 CET
  served by  gw-2, epoch 31, in 2.3s

TIME            AFTER  STATE       GATEWAY  EPOCH  ATTEMPT  WHY
13:00:00.250     +0ms  ACCEPTED    gw-3         -        -  -
13:00:00.254     +4ms  DISPATCHED  gw-1         7        1  -
13:00:02.550  +2.300s  UNKNOWN     gw-2        31        1  the gateway stopped after sending
13:00:02.560  +2.310s  SUCCEEDED   gw-2        31        1  verified by read-back

WRITE  VALUE  OUTCOME    READ BACK  WHY
speed  900    succeeded  900        -

ANSWER    VALUE
firmware  1.2

LEARNED         AFTER  BY    WHAT
13:00:02.559  +2.309s  gw-2  read back (900)
`)
}

// TestCommandBare: a record with next to nothing in it has a story too.
func TestCommandBare(t *testing.T) {
	var out bytes.Buffer
	r := record(accepted, nil)
	r.Transitions = []*roostv1.CommandTransition{{State: accepted}}
	r.Steps = []*roostv1.StepResult{{Resource: "speed", Value: roostv1.Double(900)}} // which says no more than the whole
	if err := console.Command(console.Screen{Writer: &out}, r, zone); err != nil {
		t.Fatal(err)
	}
	same(t, out.String(), `
pump set_speed rpm=900: ACCEPTED, not yet sent
  command  c1

TIME  AFTER  STATE     GATEWAY  EPOCH  ATTEMPT  WHY
-         -  ACCEPTED  -            -        -  -
`)
}

func TestCommands(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first, second, third := taken(now.Add(-70*time.Hour)), taken(now.Add(-time.Hour)), record(queued, nil)
	third.QueueReason = roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY
	third.CommandId = "0199aa00-1111-7222-8333-444455556666"
	records := []*roostv1.CommandRecord{first, second, third}
	var out bytes.Buffer
	for _, width := range []int{0, 80} {
		if err := console.Commands(records, now.In(zone), width).Write(console.Screen{Writer: &out, Width: width}); err != nil {
			t.Fatal(err)
		}
	}
	same(t, out.String(), `
ACCEPTED     DEVICE  COMMAND            OUTCOME                            TOOK  SENDER    ID
02-26 15:00  pump    set_speed rpm=900  SUCCEEDED, verified by read-back   2.3s  ann@desk  c1
12:00:00     pump    set_speed rpm=900  SUCCEEDED, verified by read-back   2.3s  ann@desk  c1
-            pump    set_speed rpm=900  QUEUED, not yet sent: device away     -  -         0199aa00-1111-7222-8333-444455556666
ACCEPTED     DEVICE  COMMAND            OUTCOME                        ID
02-26 15:00  pump    set_speed rpm=900  SUCCEEDED, verified by read-…  c1
12:00:00     pump    set_speed rpm=900  SUCCEEDED, verified by read-…  c1
-            pump    set_speed rpm=900  QUEUED, not yet sent: device…  …55556666
`)
}

// TestSteps: each change in a line of its own, once.
func TestSteps(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	r := taken(at)
	r.Transitions[3].Attempt = 2
	lines := console.Steps(console.Screen{}, r, 0, 0, "15:04:05.000")
	same(t, strings.Join(lines, "\n")+"\n", `
12:00:00.000  pump        set_speed rpm=900  ACCEPTED  (gw-3)  c1
12:00:00.004  pump        set_speed rpm=900  DISPATCHED  (gw-1, epoch 7)  c1
12:00:02.300  pump        set_speed rpm=900  UNKNOWN: the gateway stopped after sending  (gw-2, epoch 31)  c1
12:00:02.310  pump        set_speed rpm=900  SUCCEEDED: verified by read-back  (gw-2, epoch 31, attempt 2)  c1
12:00:02.309  pump        set_speed rpm=900  learned: read back (900)  (gw-2)  c1
`)
	if got := console.Steps(console.Screen{}, r, 3, 1, "15:04"); len(got) != 1 || !strings.Contains(got[0], "SUCCEEDED") {
		t.Errorf("after three: got %q", got)
	}
	r.CommandId = "0199aa00-1111-7222-8333-444455556666"
	if got := console.Steps(console.Screen{Width: 80}, r, 4, 0, "15:04"); len(got) != 1 || !strings.HasSuffix(got[0], "  …55556666") {
		t.Errorf("narrow: got %q", got)
	}
	if got := console.Steps(console.Screen{}, r, 9, 9, "15:04"); len(got) != 0 {
		t.Errorf("after all: got %q", got)
	}
}

func TestTally(t *testing.T) {
	var tally console.Tally
	var lines []string
	add := func(device string, state roostv1.CommandState, status *roostv1.Status) {
		r := record(state, status)
		r.DeviceId, r.CommandId = device, "id-"+device
		tally.Add(r)
		lines = append(lines, console.FleetLine(r, false))
	}
	for i := range 3 {
		add(fmt.Sprintf("p%d", i), succeeded, nil)
	}
	add("p9", unknown, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no answer"))
	add("p8", failed, roostv1.Errorf(roostv1.ErrRefused, "p8: set_speed: the valve is stuck"))
	add("p7", 0, roostv1.Errorf(roostv1.ErrUnavailable, "no gateway"))
	add("p6", 0, roostv1.Errorf(roostv1.ErrCancelled, "it was not begun"))
	add("p5", 0, roostv1.Errorf(roostv1.ErrCancelled, "it was not begun"))
	var out bytes.Buffer
	if err := tally.Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	same(t, strings.Join(lines[2:7], "\n")+"\n"+out.String(), `
p2: SUCCEEDED, device acknowledged
p9: UNKNOWN: no answer
p8: FAILED: the valve is stuck
p7: not sent: no gateway
p6: not begun

DEVICES  OUTCOME
      3  SUCCEEDED, device acknowledged
      2  not begun
      1  FAILED
      1  UNKNOWN
      1  not sent

DEVICE  OUTCOME                     ID
p7      not sent: no gateway        id-p7
p8      FAILED: the valve is stuck  id-p8
p9      UNKNOWN: no answer          id-p9
`)
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
