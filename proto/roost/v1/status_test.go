package roostv1_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestStatusOf(t *testing.T) {
	busy := roostv1.Errorf(roostv1.ErrBusy, "queue of %s is full", "pump-1")
	tests := []struct {
		name string
		err  error
		code roostv1.Code
		text string
	}{
		{"nil", nil, roostv1.Code_CODE_OK, ""},
		{"status", busy, roostv1.ErrBusy, "queue of pump-1 is full"},
		{"wrapped status", fmt.Errorf("send: %w", busy), roostv1.ErrBusy, "send: queue of pump-1 is full"},
		{"code", roostv1.ErrOffline, roostv1.ErrOffline, "device offline"},
		{"wrapped code", fmt.Errorf("send: %w", roostv1.ErrOffline), roostv1.ErrOffline, "send: device offline"},
		{"problem", roostv1.Problem{Path: "id", Message: "it is empty"}, roostv1.ErrInvalid, "id: it is empty"},
		{"deadline", fmt.Errorf("send: %w", context.DeadlineExceeded), roostv1.ErrExpired, "send: context deadline exceeded"},
		{"cancelled", context.Canceled, roostv1.ErrCancelled, "context canceled"},
		{"other", errors.New("odd"), roostv1.ErrInternal, "odd"},
	}
	for _, test := range tests {
		got := roostv1.StatusOf(test.err)
		if got.Code != test.code || got.Message != test.text {
			t.Errorf("%s: %v %q, want %v %q", test.name, got.Code, got.Message, test.code, test.text)
		}
	}
}

// A status is the same error on the other side of a wire.
func TestStatusSurvivesTheWire(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		data, err := roostv1.Marshal(roostv1.Errorf(roostv1.ErrLocked, "pump-1 is locked"), asJSON)
		if err != nil {
			t.Fatal(err)
		}
		var got roostv1.Status
		if _, err := roostv1.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if err := got.Err(); !errors.Is(err, roostv1.ErrLocked) || errors.Is(err, roostv1.ErrBusy) || err.Error() != "pump-1 is locked" {
			t.Errorf("JSON %v: %v", asJSON, err)
		}
	}
}

func TestStatusThatIsNoError(t *testing.T) {
	var none *roostv1.Status
	for _, s := range []*roostv1.Status{none, roostv1.StatusOf(nil)} {
		if err := s.Err(); err != nil {
			t.Errorf("%v is the error %v", s, err)
		}
	}
	if got := (&roostv1.Status{Code: roostv1.ErrHung}).Error(); got != "hung" {
		t.Errorf("status without a message: %q", got)
	}
}

// What a device says may not be text; what cannot be encoded would be lost.
func TestStatusIsValidText(t *testing.T) {
	const raw, want = "AB\xff\xfeC", "AB\uFFFDC"
	for _, s := range []*roostv1.Status{
		roostv1.StatusOf(errors.New(raw)), roostv1.Errorf(roostv1.ErrOffline, "%s", raw),
		roostv1.StatusOf(&roostv1.Status{Code: roostv1.ErrOffline, Message: raw}),
	} {
		if s.Message != want {
			t.Errorf("message is %q, want %q", s.Message, want)
		}
	}
}
