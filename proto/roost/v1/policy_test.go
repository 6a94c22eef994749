package roostv1_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestSupervisionResolve(t *testing.T) {
	defaults := roostv1.Supervision{
		BaseDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second, Decay: time.Minute, MaxFailures: 8,
		ProbeInterval: time.Minute, FailedPolls: 3, OpenTimeout: 10 * time.Second, PollTimeout: 5 * time.Second,
	}
	with := func(change func(s *roostv1.Supervision)) roostv1.Supervision {
		s := defaults
		change(&s)
		return s
	}
	negative, endless := durationpb.New(-time.Second), &durationpb.Duration{Seconds: math.MaxInt64}
	tests := []struct {
		name   string
		policy *roostv1.SupervisionPolicy
		want   roostv1.Supervision
	}{
		{"nil", nil, defaults},
		{"empty", &roostv1.SupervisionPolicy{}, defaults},
		{"zero and negative", &roostv1.SupervisionPolicy{BaseDelay: durationpb.New(0), Decay: negative, StaleAfter: negative}, defaults},
		{
			"all",
			&roostv1.SupervisionPolicy{
				BaseDelay: durationpb.New(1), MaxDelay: durationpb.New(2), Decay: durationpb.New(3), MaxFailures: 4,
				ProbeInterval: durationpb.New(5), FailedPolls: 6, StaleAfter: durationpb.New(7),
				OpenTimeout: durationpb.New(8), PollTimeout: durationpb.New(9),
			},
			roostv1.Supervision{BaseDelay: 1, MaxDelay: 2, Decay: 3, MaxFailures: 4, ProbeInterval: 5, FailedPolls: 6, StaleAfter: 7, OpenTimeout: 8, PollTimeout: 9},
		},
		{
			"base above max",
			&roostv1.SupervisionPolicy{MaxDelay: durationpb.New(100 * time.Millisecond)},
			with(func(s *roostv1.Supervision) { s.BaseDelay, s.MaxDelay = 100*time.Millisecond, 100*time.Millisecond }),
		},
		{
			"endless",
			&roostv1.SupervisionPolicy{StaleAfter: endless, PollTimeout: endless},
			with(func(s *roostv1.Supervision) {
				s.StaleAfter, s.PollTimeout = roostv1.MaxInterval, roostv1.MaxTimeout
			}),
		},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, test.policy.Resolve()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestStaleLimit(t *testing.T) {
	tests := []struct {
		name                string
		set, longest, limit time.Duration
	}{
		{"set", time.Second, time.Hour, time.Second},
		{"set, only pushes", time.Second, 0, time.Second},
		{"only pushes", 0, 0, 0},
		{"at least 10 s", 0, time.Second, 10 * time.Second},
		{"three intervals", 0, time.Minute, 3 * time.Minute},
		{"beyond all bounds", 0, math.MaxInt64, 3 * roostv1.MaxInterval},
	}
	for _, test := range tests {
		s := roostv1.Supervision{StaleAfter: test.set}
		if got := s.StaleLimit(test.longest); got != test.limit {
			t.Errorf("%s: %v, want %v", test.name, got, test.limit)
		}
	}
}

func TestCommandPolicyResolve(t *testing.T) {
	tests := []struct {
		policy *roostv1.CommandPolicy
		want   roostv1.CommandBounds
	}{
		{nil, roostv1.CommandBounds{QueueLimit: 64, DefaultExpiry: 30 * time.Second}},
		{&roostv1.CommandPolicy{QueueLimit: 1, DefaultExpiry: durationpb.New(time.Hour)}, roostv1.CommandBounds{QueueLimit: 1, DefaultExpiry: time.Hour}},
		{&roostv1.CommandPolicy{QueueLimit: math.MaxUint32}, roostv1.CommandBounds{QueueLimit: 1 << 16, DefaultExpiry: 30 * time.Second}},
	}
	for _, test := range tests {
		if got := test.policy.Resolve(); got != test.want {
			t.Errorf("(%v).Resolve() = %v, want %v", test.policy, got, test.want)
		}
	}
}

func TestDeviceDefaults(t *testing.T) {
	var none *roostv1.DeviceSpec
	own := &roostv1.DeviceSpec{Id: "d"}
	full := &roostv1.DeviceSpec{
		Id: "d", Bus: "b", PollInterval: durationpb.New(time.Minute), OutboxLimit: 10,
		Placement: &roostv1.Placement{Gateways: []string{"g"}},
	}
	fast := &roostv1.Resource{PollInterval: durationpb.New(time.Second)}
	instant := &roostv1.Resource{PollInterval: durationpb.New(1)}
	either := &roostv1.DeviceSpec{Placement: &roostv1.Placement{Gateways: []string{"g", "h"}}}
	selected := &roostv1.DeviceSpec{Placement: &roostv1.Placement{Selector: map[string]string{"a": "b"}}}

	tests := []struct {
		name      string
		got, want any
	}{
		{"bus of nil", none.BusID(), ""},
		{"bus of its own", own.BusID(), "d"},
		{"bus named", full.BusID(), "b"},
		{"nil attached", none.Attached(), false},
		{"placed anywhere", own.Attached(), false},
		{"one gateway", full.Attached(), true},
		{"two gateways", either.Attached(), false},
		{"selector", selected.Attached(), false},
		{"poll of nil", none.PollEvery(nil), 5 * time.Second},
		{"poll as the device says", full.PollEvery(&roostv1.Resource{}), time.Minute},
		{"poll as the resource says", full.PollEvery(fast), time.Second},
		{"poll without a pause", full.PollEvery(instant), roostv1.MinInterval},
		{"outbox of nil", none.OutboxSize(), 4096},
		{"outbox", full.OutboxSize(), 10},
		{"endless outbox", (&roostv1.DeviceSpec{OutboxLimit: math.MaxUint32}).OutboxSize(), 1 << 20},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", test.name, test.got, test.want)
		}
	}
}
