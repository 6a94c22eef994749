package roostv1_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

type worded interface {
	protoreflect.Enum
	Word() string
}

func TestWord(t *testing.T) {
	tests := []struct {
		enum worded
		want string
	}{
		{roostv1.ValueType_VALUE_TYPE_DOUBLE, "DOUBLE"},
		{roostv1.ValueType_VALUE_TYPE_UNSPECIFIED, "-"},
		{roostv1.Access_ACCESS_READ_WRITE, "READ_WRITE"},
		{roostv1.Access_ACCESS_UNSPECIFIED, "READ"},
		{roostv1.WriteKind_WRITE_KIND_ABSOLUTE, "ABSOLUTE"},
		{roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK, "PROTOCOL_ACK"},
		{roostv1.CommandState_COMMAND_STATE_SUCCEEDED, "SUCCEEDED"},
		{roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY, "device away"},
		{roostv1.Effect_EFFECT_PARTIAL, "partial"},
		{roostv1.Priority_PRIORITY_UNSPECIFIED, "normal"},
		{roostv1.Priority_PRIORITY_HIGH, "high"},
		{roostv1.Quality_QUALITY_GOOD, "good"},
		{roostv1.QualityReason_QUALITY_REASON_OUT_OF_RANGE, "out of range"},
		{roostv1.ClockState_CLOCK_STATE_SYNCED, "synced"},
		{roostv1.AdminState_ADMIN_STATE_UNSPECIFIED, "enabled"},
		{roostv1.AdminState_ADMIN_STATE_LOCKED, "locked"},
		{roostv1.DeviceState_DEVICE_STATE_ONLINE, "online"},
		{roostv1.DeviceState_DEVICE_STATE_UNSPECIFIED, "-"},
		{roostv1.DeviceState(99), "99"},
		{roostv1.MemberState_MEMBER_STATE_LIVE, "live"},
		{roostv1.EventKind_EVENT_KIND_CALL_ABANDONED, "call abandoned"},
	}
	for _, test := range tests {
		if got := test.enum.Word(); got != test.want {
			t.Errorf("(%v).Word() = %q, want %q", test.enum, got, test.want)
		}
	}
}

// Every enum of the vocabulary but the status code, which is an error with a text of
// its own, has words, and no two of its values have the same but where unspecified
// is taken for another.
func TestEveryEnumHasWords(t *testing.T) {
	protoregistry.GlobalTypes.RangeEnums(func(e protoreflect.EnumType) bool {
		name := e.Descriptor().FullName()
		if name.Parent() != "roost.v1" || name == "roost.v1.Code" {
			return true
		}
		words := make(map[string]bool)
		for i := range e.Descriptor().Values().Len() {
			number := e.Descriptor().Values().Get(i).Number()
			value, ok := e.New(number).(worded)
			if !ok {
				t.Errorf("%s has no words", name)
				return true
			}
			word := value.Word()
			if strings.HasPrefix(word, strings.ToUpper(string(name.Name()))) || number != 0 && word == "-" {
				t.Errorf("%v: %q", value, word)
			}
			if words[word] && number > 1 {
				t.Errorf("%v: %q is the word of another", value, word)
			}
			words[word] = true
		}
		return true
	})
}

func TestFinalStates(t *testing.T) {
	final := map[string]bool{
		"SUCCEEDED": true, "FAILED": true, "INDETERMINATE": true, "REJECTED": true,
		"EXPIRED": true, "CANCELLED": true, "SUPERSEDED": true,
		"-": false, "ACCEPTED": false, "QUEUED": false, "DISPATCHED": false, "UNKNOWN": false,
	}
	for number := range roostv1.CommandState_name {
		state := roostv1.CommandState(number)
		want, listed := final[state.Word()]
		if !listed || state.Final() != want {
			t.Errorf("%v: final %v, want %v (listed: %v)", state, state.Final(), want, listed)
		}
	}
}
