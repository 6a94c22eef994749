package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(noon.Add(-d)) }

// tookOver is the story of a device whose owner was killed.
func tookOver() *roostv1.Story {
	const live, evicted = roostv1.MemberState_MEMBER_STATE_LIVE, roostv1.MemberState_MEMBER_STATE_EVICTED
	away := roostv1.Errorf(roostv1.ErrOffline, "poll: no answer")
	return &roostv1.Story{
		DeviceId: "rig-3", Bus: "line", BusDevices: []string{"rig-1", "rig-2", "rig-3"}, Owner: "gw-3", Incarnation: "i3", Epoch: 46,
		Candidates: []*roostv1.Candidate{
			{GatewayId: "gw-3", Eligible: true, Rank: 1, State: live, Answers: true},
			{GatewayId: "gw-1", Eligible: true, Rank: 2, State: live, Answers: true},
			{GatewayId: "gw-2", State: evicted, Reason: "evicted by gw-1"},
			{GatewayId: "gw-4", State: live, Answers: true, Suspended: true, Reason: `label site is "north" and not "south"`},
			{GatewayId: "gw-5", State: roostv1.MemberState_MEMBER_STATE_DRAINING, Answers: true, Reason: "draining"},
			{GatewayId: "gw-6", State: roostv1.MemberState_MEMBER_STATE_LEFT, Reason: "left"},
		},
		Takeovers: []*roostv1.Takeover{
			{At: before(49 * time.Hour), Epoch: 7, Gateway: "gw-1"},
			{At: before(48 * time.Hour), Epoch: 9, Gateway: "gw-1"},
			{At: before(time.Hour), Epoch: 20, Gateway: "gw-6", HandedOverBy: "gw-1"},
			{At: before(50 * time.Minute), Epoch: 21},
			{At: before(50 * time.Minute), Epoch: 22, Gateway: "gw-2"},
			{At: before(2 * time.Second), Epoch: 46, Gateway: "gw-3"},
		},
		Events: []*roostv1.Event{
			{At: before(time.Hour), Gateway: "gw-2", DeviceId: "rig-3", Kind: roostv1.EventKind_EVENT_KIND_ONLINE},
			{At: before(time.Minute), Gateway: "gw-2", DeviceId: "rig-3", Kind: roostv1.EventKind_EVENT_KIND_FAILED, Message: "poll: no answer"},
			{At: before(59 * time.Second), Gateway: "gw-2", DeviceId: "rig-3", Kind: roostv1.EventKind_EVENT_KIND_ONLINE},
			{At: before(50 * time.Second), Gateway: "gw-2", DeviceId: "rig-3", Kind: roostv1.EventKind_EVENT_KIND_COMMAND, Status: away},
			{At: before(2 * time.Second), Gateway: "gw-3", DeviceId: "rig-3", Kind: roostv1.EventKind_EVENT_KIND_ONLINE},
		},
		Status: &roostv1.DeviceStatus{DeviceId: "rig-3", State: roostv1.DeviceState_DEVICE_STATE_ONLINE, Restarts: 1, LastError: away, LastErrorAt: before(time.Minute)},
	}
}

func tell(t *testing.T, story *roostv1.Story) string {
	t.Helper()
	var out bytes.Buffer
	if err := console.Story(console.Screen{Writer: &out}, story, noon); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestStory(t *testing.T) {
	want := strings.TrimLeft(`
gw-3 serves rig-3: taken over from gw-2, which had ended, 2s ago

device      rig-3
state       online
bus         line, shared with rig-1, rig-2
owner       gw-3, epoch 46
lease       held
restarts    1
last error  1m ago: poll: no answer

GATEWAY  RANK  STATE            WHY
gw-3        1  live             owns it
gw-1        2  live             would be the next
gw-2        -  evicted          evicted by gw-1
gw-4        -  live, suspended  label site is "north" and not "south"
gw-5        -  draining         takes nothing new
gw-6        -  left             -

OWNED SINCE               EPOCH  OWNER  HOW
2026-02-27 11:00, 2d ago      7  gw-1   claimed
2026-02-27 12:00, 2d ago      9  gw-1   claimed again after its own end
11:00:00, 1h ago             20  gw-6   handed over by gw-1
11:10:00, 50m ago            21  -      given up by gw-6
11:10:00, 50m ago            22  gw-2   claimed
11:59:58, 2s ago             46  gw-3   taken over from gw-2, which had ended

TROUBLE            AT    WHAT
11:59:00, 1m ago   gw-2  failed: poll: no answer
11:59:01, 59s ago  gw-2  online
`, "\n")
	if got := tell(t, tookOver()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestStoryTells: the first line says what matters most.
func TestStoryTells(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*roostv1.Story)
		want   []string
	}{
		{"attached and suspended", func(s *roostv1.Story) { s.Candidates[0].Suspended, s.Attached = true, true }, []string{
			"gw-3 serves rig-3, and goes on without a lease: nobody else can reach it\n", "lease       suspended",
		}},
		{"suspended", func(s *roostv1.Story) { s.Candidates[0].Suspended = true }, []string{
			"gw-3 serves rig-3, but is suspended: it may not act until it hears of the hub\n", "lease       suspended",
		}},
		{"silent", func(s *roostv1.Story) { s.Candidates[0].Answers = false }, []string{
			"it is not certain that anybody serves rig-3: its owner gw-3 does not answer\n",
			"lease       not known: the owner does not answer; when it has run out, gw-1 takes over", "live, does not answer  owns it",
		}},
		{"the owner is not the first", func(s *roostv1.Story) { s.Owner = "gw-1" }, []string{
			"gw-3        1  live             is to have it", "gw-1        2  live             owns it, and hands it over to gw-3",
		}},
		{"free", func(s *roostv1.Story) { s.Owner, s.Epoch = "", 47 }, []string{
			"nobody serves rig-3: its bus is nobody's at present, and gw-3 is to claim it\n", "owner       nobody", "is to claim it",
		}},
		{"nobody can", func(s *roostv1.Story) { s.Owner, s.Candidates = "", s.Candidates[2:] }, []string{
			"nobody serves rig-3: no gateway can own its bus\n",
		}},
		{"no gateway", func(s *roostv1.Story) { s.Owner, s.Candidates = "", nil }, []string{
			"nobody serves rig-3: no gateway has joined\n",
		}},
		{"only one can", func(s *roostv1.Story) { s.Attached, s.BusDevices, s.Candidates = true, nil, s.Candidates[:1] }, []string{
			"attached    only one gateway can reach it", "bus         line, with nothing else on it",
		}},
		{"retired", func(s *roostv1.Story) { s.Status.State = roostv1.DeviceState_DEVICE_STATE_RETIRED }, []string{
			"nobody serves rig-3: it was retired\n",
		}},
	} {
		story := tookOver()
		test.change(story)
		got := tell(t, story)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", test.name, want, got)
			}
		}
	}
}
