package roostv1_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	stateNone          = roostv1.CommandState_COMMAND_STATE_UNSPECIFIED
	stateAccepted      = roostv1.CommandState_COMMAND_STATE_ACCEPTED
	stateQueued        = roostv1.CommandState_COMMAND_STATE_QUEUED
	stateDispatched    = roostv1.CommandState_COMMAND_STATE_DISPATCHED
	stateUnknown       = roostv1.CommandState_COMMAND_STATE_UNKNOWN
	stateSucceeded     = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
	stateFailed        = roostv1.CommandState_COMMAND_STATE_FAILED
	stateIndeterminate = roostv1.CommandState_COMMAND_STATE_INDETERMINATE
	stateRejected      = roostv1.CommandState_COMMAND_STATE_REJECTED
	stateExpired       = roostv1.CommandState_COMMAND_STATE_EXPIRED
	stateCancelled     = roostv1.CommandState_COMMAND_STATE_CANCELLED
	stateSuperseded    = roostv1.CommandState_COMMAND_STATE_SUPERSEDED
)

// allStates are the states that this version knows.
func allStates() []roostv1.CommandState {
	var all []roostv1.CommandState
	for n := range roostv1.CommandState_name {
		all = append(all, roostv1.CommandState(n))
	}
	slices.Sort(all)
	return all
}

// legalMoves is the drawing of the states, written down a second time, from the promises: what no byte was
// sent for ends before dispatch only, a timeout after it is UNKNOWN and no failure, and nothing follows an
// end.
var legalMoves = map[[2]roostv1.CommandState]bool{
	{stateNone, stateAccepted}: true,

	{stateAccepted, stateQueued}: true, {stateAccepted, stateDispatched}: true,
	{stateAccepted, stateRejected}: true, {stateAccepted, stateExpired}: true,
	{stateAccepted, stateCancelled}: true, {stateAccepted, stateSuperseded}: true,

	{stateQueued, stateQueued}: true, {stateQueued, stateDispatched}: true,
	{stateQueued, stateRejected}: true, {stateQueued, stateExpired}: true,
	{stateQueued, stateCancelled}: true, {stateQueued, stateSuperseded}: true,

	{stateDispatched, stateDispatched}: true, {stateDispatched, stateUnknown}: true,
	{stateDispatched, stateSucceeded}: true, {stateDispatched, stateFailed}: true,

	{stateUnknown, stateDispatched}: true, {stateUnknown, stateSucceeded}: true,
	{stateUnknown, stateFailed}: true, {stateUnknown, stateIndeterminate}: true,
}

// change is a change to a state with all that the state asks for.
func change(to roostv1.CommandState) roostv1.Change {
	c := roostv1.Change{State: to, At: time.Unix(1_700_000_000, 0), Gateway: "g1", Epoch: 7, Harmless: true}
	switch to {
	case stateFailed:
		c.Effect = roostv1.Effect_EFFECT_NONE
	case stateUnknown:
		c.Effect = roostv1.Effect_EFFECT_UNKNOWN
	case stateSucceeded:
		c.Confirmation = roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK
	case stateQueued:
		c.Waits = roostv1.QueueReason_QUEUE_REASON_ORDER
	}
	return c
}

// TestStates walks every pair of states.
func TestStates(t *testing.T) {
	for _, from := range allStates() {
		for _, to := range append(allStates(), 99) {
			record := &roostv1.CommandRecord{CommandId: "c1", State: from, Epoch: 7}
			before := proto.CloneOf(record)
			err := record.Enter(change(to))
			legal := legalMoves[[2]roostv1.CommandState{from, to}]
			switch {
			case from.MayBecome(to) != legal:
				t.Errorf("%s may become %s: %v", from.Word(), to.Word(), !legal)
			case legal && err != nil:
				t.Errorf("from %s to %s: %v", from.Word(), to.Word(), err)
			case legal && (record.State != to || len(record.Transitions) != 1 || record.Transitions[0].State != to):
				t.Errorf("from %s to %s: the record is %v", from.Word(), to.Word(), record)
			case legal && record.Transitions[0].QueueReason != change(to).Waits:
				t.Errorf("from %s to %s: it does not say what it waited for: %v", from.Word(), to.Word(), record)
			case !legal && !errors.Is(err, roostv1.ErrInternal):
				t.Errorf("from %s to %s: %v, want ErrInternal", from.Word(), to.Word(), err)
			case !legal && !proto.Equal(record, before):
				t.Errorf("from %s to %s was refused, but changed the record", from.Word(), to.Word())
			}
		}
	}
}

// TestEndsHaveNoSuccessor: what is final has no successor and a time; what is not has one.
func TestEndsHaveNoSuccessor(t *testing.T) {
	for _, s := range allStates() {
		successor := slices.ContainsFunc(allStates(), s.MayBecome)
		if s.Final() == successor {
			t.Errorf("%s is final: %v, and has a successor: %v", s.Word(), s.Final(), successor)
		}
		if s.Unsent() && !s.Final() {
			t.Errorf("%s ended with nothing sent, but has not ended", s.Word())
		}
		for _, from := range []roostv1.CommandState{stateDispatched, stateUnknown} {
			if s.Unsent() && from.MayBecome(s) {
				t.Errorf("%s may become %s, which claims that nothing was sent", from.Word(), s.Word())
			}
		}
	}
}

// TestEnterRefuses: changes between states that may follow each other, but not so.
func TestEnterRefuses(t *testing.T) {
	sent := func(state roostv1.CommandState) *roostv1.CommandRecord {
		return &roostv1.CommandRecord{CommandId: "c1", State: state, Epoch: 7, Attempt: 1}
	}
	with := func(c roostv1.Change, f func(*roostv1.Change)) roostv1.Change {
		f(&c)
		return c
	}
	tests := []struct {
		name   string
		record *roostv1.CommandRecord
		change roostv1.Change
	}{
		{"a second attempt that may do harm", sent(stateDispatched), with(change(stateDispatched), func(c *roostv1.Change) { c.Harmless = false })},
		{"a second attempt after doubt that may do harm", sent(stateUnknown), with(change(stateDispatched), func(c *roostv1.Change) { c.Harmless = false })},
		{"an epoch that is over", sent(stateDispatched), with(change(stateSucceeded), func(c *roostv1.Change) { c.Epoch = 6 })},
		{"a success that nothing confirms", sent(stateDispatched), with(change(stateSucceeded), func(c *roostv1.Change) { c.Confirmation = 0 })},
		{"a failure without an effect", sent(stateDispatched), with(change(stateFailed), func(c *roostv1.Change) { c.Effect = 0 })},
		{"a failure that applied everything", sent(stateDispatched), with(change(stateFailed), func(c *roostv1.Change) { c.Effect = roostv1.Effect_EFFECT_APPLIED })},
		{"a doubt without effect", sent(stateDispatched), with(change(stateUnknown), func(c *roostv1.Change) { c.Effect = roostv1.Effect_EFFECT_NONE })},
	}
	for _, test := range tests {
		before := proto.CloneOf(test.record)
		if err := test.record.Enter(test.change); !errors.Is(err, roostv1.ErrInternal) {
			t.Errorf("%s: %v, want ErrInternal", test.name, err)
		}
		if !proto.Equal(test.record, before) {
			t.Errorf("%s: the record was changed", test.name)
		}
	}
}

// TestEnterKeepsTheRecordWhole: whatever a command goes through, its record tells it.
func TestEnterKeepsTheRecordWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := &roostv1.CommandRecord{CommandId: "c1"}
		states := allStates()
		attempts, ends := uint32(0), 0
		for i := range rapid.IntRange(1, 40).Draw(t, "changes") {
			c := change(rapid.SampledFrom(states).Draw(t, "to"))
			c.At = time.Unix(1_700_000_000+int64(i), 0)
			c.Harmless = rapid.Bool().Draw(t, "harmless")
			c.Epoch = uint64(rapid.IntRange(1, 4).Draw(t, "epoch"))
			n := len(record.Transitions)
			if record.Enter(c) != nil {
				continue
			}
			if len(record.Transitions) != n+1 || !record.Transitions[n].At.AsTime().Equal(c.At) {
				t.Fatalf("the transition to %s is not told: %v", c.State.Word(), record)
			}
			if c.State == stateDispatched {
				if attempts > 0 && !c.Harmless {
					t.Fatal("it was sent again where that may do harm")
				}
				attempts++
			}
			if c.State.Final() {
				ends++
			}
		}
		if record.Attempt != attempts || ends > 1 || (record.FinishedAt != nil) != (ends == 1) {
			t.Fatalf("%d attempts and %d ends: %v", attempts, ends, record)
		}
		if record.State.Unsent() && (attempts > 0 || record.Effect != roostv1.Effect_EFFECT_NONE) {
			t.Fatalf("it ended %s after %d attempts, with effect %s", record.State.Word(), attempts, record.Effect.Word())
		}
		if record.State == stateIndeterminate && record.Effect != roostv1.Effect_EFFECT_UNKNOWN {
			t.Fatalf("it ended INDETERMINATE with effect %s", record.Effect.Word())
		}
	})
}

// TestTimesDoNotGoBack: what follows is not told as earlier, though who records it knows the hub's time a little
// worse; a clock that was set is told as it is.
func TestTimesDoNotGoBack(t *testing.T) {
	accepted := time.Unix(1_700_000_000, 0)
	for behind, want := range map[time.Duration]time.Time{
		-time.Millisecond:      accepted.Add(time.Millisecond),
		time.Millisecond:       accepted,
		999 * time.Millisecond: accepted,
		time.Hour:              accepted.Add(-time.Hour),
	} {
		record := &roostv1.CommandRecord{CommandId: "c1"}
		for _, c := range []roostv1.Change{change(stateAccepted), change(stateDispatched)} {
			c.At = accepted
			if c.State == stateDispatched {
				c.At = accepted.Add(-behind)
			}
			if err := record.Enter(c); err != nil {
				t.Fatal(err)
			}
		}
		if at := record.Transitions[1].At.AsTime(); !at.Equal(want) || !record.DispatchedAt.AsTime().Equal(want) {
			t.Errorf("%v behind: dispatched at %v, want %v", behind, at, want)
		}
	}
}

// TestLearn: evidence changes nothing else, and its number is bounded.
func TestLearn(t *testing.T) {
	record := &roostv1.CommandRecord{CommandId: "c1", State: stateIndeterminate}
	for i := range 100 {
		record.Learn(&roostv1.Evidence{Text: string(rune('a' + i%26))})
	}
	if len(record.Evidence) != 16 || record.Evidence[0].Text != "a" || record.Evidence[15].Text != string(rune('a'+99%26)) {
		t.Errorf("the record keeps %d pieces of evidence: %v", len(record.Evidence), record.Evidence)
	}
	if record.State != stateIndeterminate {
		t.Errorf("the state became %s", record.State.Word())
	}
}

// TestTimes: a command's times count from its acceptance.
func TestTimes(t *testing.T) {
	accepted := time.Unix(1_700_000_000, 0)
	record := &roostv1.CommandRecord{AcceptedAt: timestamppb.New(accepted), Command: &roostv1.Command{}}
	bounds := roostv1.CommandBounds{DefaultExpiry: 30 * time.Second}
	if notBefore, expires := record.Times(bounds); !notBefore.Equal(accepted) || !expires.Equal(accepted.Add(30*time.Second)) {
		t.Errorf("without wishes: %v to %v", notBefore, expires)
	}
	record.Command.NotBefore, record.Command.ExpiresIn = durationpb.New(time.Second), durationpb.New(time.Minute)
	if notBefore, expires := record.Times(bounds); !notBefore.Equal(accepted.Add(time.Second)) || !expires.Equal(accepted.Add(time.Minute)) {
		t.Errorf("with wishes: %v to %v", notBefore, expires)
	}
}

// TestResume: what a new owner does in each state. Only what is ABSOLUTE and in time is ever sent again.
func TestResume(t *testing.T) {
	for _, state := range allStates() {
		for kind := range roostv1.WriteKind_name {
			for _, expired := range []bool{false, true} {
				absolute := roostv1.WriteKind(kind) == roostv1.WriteKind_WRITE_KIND_ABSOLUTE
				want := roostv1.ResumeQueue
				switch {
				case state.Final():
					want = roostv1.ResumeNothing
				case state == stateUnknown:
					want = roostv1.ResumeSettle
				case state == stateDispatched && absolute && !expired:
					want = roostv1.ResumeRepeat
				case state == stateDispatched:
					want = roostv1.ResumeDoubt
				}
				record := &roostv1.CommandRecord{State: state}
				if got := record.Resume(roostv1.WriteKind(kind), expired); got != want {
					t.Errorf("%s, %s, expired %v: %d, want %d", state.Word(), roostv1.WriteKind(kind).Word(), expired, got, want)
				}
			}
		}
	}
}
