package rig_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestOpenSaysWhoAsks(t *testing.T) {
	p, d := listen(t), newDriver()
	wait := begin(t, func(ctx context.Context) (actors.Session, error) { return d.Open(ctx, p.device("d1")) })
	l := p.accept(t)
	call, hello := next[*wire.Hello](t, l)
	if want := (wire.Hello{Version: 1, Gateway: "gw-1", Incarnation: "run-1"}); *hello != want {
		t.Errorf("got %+v, want %+v", *hello, want)
	}
	l.answer(t, call, &wire.Welcome{Version: wire.Version})
	if got := l.open(t, 1); got != "d1" {
		t.Errorf("opened %q, want d1", got)
	}
	s, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	released(t, s)
}

func TestOpenFails(t *testing.T) {
	refuse := func(code wire.Code) func(*testing.T, *line) {
		return func(t *testing.T, l *line) {
			call, _ := next[*wire.Hello](t, l)
			l.answer(t, call, &wire.Welcome{Version: wire.Version})
			call, _ = next[*wire.Open](t, l)
			l.answer(t, call, &wire.Nack{Code: code})
		}
	}
	hello := func(m wire.Message) func(*testing.T, *line) {
		return func(t *testing.T, l *line) {
			call, _ := next[*wire.Hello](t, l)
			l.answer(t, call, m)
		}
	}
	tests := []struct {
		name string
		play func(*testing.T, *line)
		want error // nil: any
	}{
		{"unknown device", refuse(wire.CodeUnknownDevice), roostv1.ErrNotFound},
		{"taken", refuse(wire.CodeTaken), roostv1.ErrBusy},
		{"too many sessions", refuse(wire.CodeBusy), roostv1.ErrBusy},
		{"another refusal", refuse(wire.CodeInvalid), wire.CodeInvalid},
		{"version", hello(&wire.Nack{Code: wire.CodeVersion}), wire.CodeVersion},
		{"no welcome", hello(&wire.Ack{}), nil},
		{"hangs up", func(t *testing.T, l *line) {
			next[*wire.Hello](t, l)
			_ = l.Close()
		}, nil},
		{"rubbish", func(t *testing.T, l *line) {
			next[*wire.Hello](t, l)
			_, _ = l.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}, wire.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, d := listen(t), newDriver()
			wait := begin(t, func(ctx context.Context) (actors.Session, error) { return d.Open(ctx, p.device("d1")) })
			l := p.accept(t)
			tt.play(t, l)
			s, err := wait()
			if err == nil {
				released(t, s)
				t.Fatal("it opened")
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOpenNeedsAHardwareAndAName(t *testing.T) {
	p := listen(t)
	device := p.device("d1")
	_ = p.Close()
	var refused *net.OpError
	if _, err := newDriver().Open(t.Context(), device); !errors.As(err, &refused) {
		t.Errorf("without hardware: got %v, want the dialer's error", err)
	}
	if _, err := new(rig.Driver).Open(t.Context(), device); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("without a gateway id: got %v, want ErrInvalid", err)
	}
	if _, err := newDriver().Open(t.Context(), actors.Device{}); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("without a device: got %v, want ErrInvalid", err)
	}
}

func TestPoll(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	wait := begin(t, poll(s, "value", "gone"))
	call, m := next[*wire.Read](t, l)
	if want := (&wire.Read{Session: 1, Resources: []string{"value", "gone"}}); !cmp.Equal(m, want) {
		t.Errorf("the driver sent %+v, want %+v", m, want)
	}
	before := time.Now()
	l.answer(t, call, &wire.Values{Values: []*roostv1.Value{roostv1.Double(20.5), nil}})
	got, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	want := []actors.Sample{
		{Resource: "value", Value: roostv1.Double(20.5)},
		{Resource: "gone", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform(), cmpopts.IgnoreFields(actors.Sample{}, "At")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at := got[0].At; at.Before(before) || at.After(time.Now()) {
		t.Errorf("arrived at %v, want between the answer at %v and now", at, before)
	}
}

func TestPollFails(t *testing.T) {
	tests := []struct {
		name   string
		answer wire.Message
	}{
		{"refused", &wire.Nack{Code: wire.CodeNotOpen}},
		{"too few values", &wire.Values{}},
		{"too many values", &wire.Values{Values: make([]*roostv1.Value, 2)}},
		{"no values", &wire.Ack{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := listen(t)
			s, l := open(t, newDriver(), p, p.device("d1"), 0)
			wait := begin(t, poll(s, "value"))
			call, _ := next[*wire.Read](t, l)
			l.answer(t, call, tt.answer)
			if got, err := wait(); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

// What the hardware does with an action decides what its sender is told; where it says nothing certain,
// neither ErrNotSent nor ErrRefused is said.
func TestOutcomes(t *testing.T) {
	unknown := errors.New("unknown")
	tests := []struct {
		name string
		play func(*testing.T, *line, uint64)
		want error
	}{
		{"acknowledged", func(t *testing.T, l *line, call uint64) { l.answer(t, call, &wire.Ack{}) }, nil},
		{"refused", func(t *testing.T, l *line, call uint64) { l.answer(t, call, &wire.Nack{Code: wire.CodeStaleEpoch}) }, actors.ErrRefused},
		{"refused by a code to come", func(t *testing.T, l *line, call uint64) { l.answer(t, call, &wire.Nack{Code: 99}) }, actors.ErrRefused},
		{"not answered", func(*testing.T, *line, uint64) {}, unknown},
		{"another's answer", func(t *testing.T, l *line, call uint64) { l.answer(t, call+1, &wire.Ack{}) }, unknown},
		{"another question's answer", func(t *testing.T, l *line, call uint64) { l.answer(t, call, &wire.Values{}) }, unknown},
		{"connection ends", func(_ *testing.T, l *line, _ uint64) { _ = l.Close() }, unknown},
		{"half an answer", func(_ *testing.T, l *line, _ uint64) {
			_, _ = l.Write([]byte{0, 0, 0, 2, 0x82})
			_ = l.Close()
		}, unknown},
		{"rubbish", func(_ *testing.T, l *line, _ uint64) { _, _ = l.Write([]byte{0xff, 0xff, 0xff, 0xff}) }, unknown},
		{"hangs up with a reason", func(t *testing.T, l *line, _ uint64) {
			l.answer(t, 0, &wire.Nack{Code: wire.CodeMalformed})
			_ = l.Close()
		}, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := listen(t)
			s, l := open(t, newDriver(), p, p.device("d1"), 0)
			wait := begin(t, func(ctx context.Context) (map[string]*roostv1.Value, error) {
				ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
				return s.Actuate(ctx, dose("c-1"))
			})
			call, m := next[*wire.Write](t, l)
			want := &wire.Write{Session: 1, Resource: "dose", Value: roostv1.Double(5), Command: "c-1", Epoch: 7, Attempt: 1}
			if diff := cmp.Diff(want, m, protocmp.Transform()); diff != "" {
				t.Errorf("the driver sent (-want +got):\n%s", diff)
			}
			tt.play(t, l, call)
			_, err := wait()
			certain := err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused)
			switch {
			case tt.want == unknown && certain:
				t.Errorf("got %v, want an error that says nothing certain", err)
			case tt.want != unknown && !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAttemptsAreNumbered(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	other := dose("c-1")
	other.Resource = wire.ResourceSetpoint
	steps := []struct {
		action actors.Action
		want   uint64
	}{{dose("c-1"), 1}, {dose("c-1"), 2}, {other, 1}, {dose("c-2"), 1}, {dose("c-2"), 2}}
	for i, step := range steps {
		wait := begin(t, actuate(s, step.action))
		call, m := next[*wire.Write](t, l)
		if m.Attempt != step.want {
			t.Errorf("step %d: attempt %d, want %d", i, m.Attempt, step.want)
		}
		l.answer(t, call, &wire.Ack{})
		if _, err := wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsSentForWhatCannotBe(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		action actors.Action
	}{
		{"context has ended", ended, dose("c-1")},
		{"no resource", t.Context(), actors.Action{CommandID: "c-2", Command: "self_test"}},
		{"value not UTF-8", t.Context(), actors.Action{Resource: "dose", Value: roostv1.Text("\xff")}},
		{"value too long", t.Context(), actors.Action{Resource: "dose", Value: roostv1.Bytes(make([]byte, wire.MaxFrame))}},
	}
	for _, tt := range tests {
		if _, err := s.Actuate(tt.ctx, tt.action); !errors.Is(err, actors.ErrNotSent) {
			t.Errorf("%s: got %v, want ErrNotSent", tt.name, err)
		}
	}
	if _, err := s.Poll(ended, []string{"value"}); !errors.Is(err, context.Canceled) {
		t.Errorf("poll under a context that has ended: got %v, want its error", err)
	}
	if err := s.Close(ended); err != nil {
		t.Errorf("close: %v", err)
	}
	l.ended(t)
	if _, err := s.Actuate(t.Context(), dose("c-1")); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("after close: got %v, want ErrNotSent", err)
	}
}

func TestCheck(t *testing.T) {
	good := func() actors.Device {
		return actors.Device{
			Spec:    &roostv1.DeviceSpec{Id: "d1", Address: map[string]string{"hardware": "127.0.0.1:4777"}},
			Profile: rig.Profile(),
		}
	}
	tests := []struct {
		name   string
		change func(actors.Device)
		want   string // part of the error; empty: none
	}{
		{"good", func(actors.Device) {}, ""},
		{"name and share", func(d actors.Device) {
			d.Spec.Address = map[string]string{"hardware": "rigs.example:1", "share": "true"}
		}, ""},
		{"part of the profile", func(d actors.Device) { d.Profile.Resources = d.Profile.Resources[:1] }, ""},
		{"value as text", func(d actors.Device) { d.Profile.Resources[0].Type = roostv1.ValueType_VALUE_TYPE_STRING }, "resources[0].type"},
		{"no hardware", func(d actors.Device) { d.Spec.Address = nil }, `address["hardware"]: is needed`},
		{"no port", func(d actors.Device) { d.Spec.Address["hardware"] = "127.0.0.1" }, `address["hardware"]`},
		{"port 0", func(d actors.Device) { d.Spec.Address["hardware"] = "127.0.0.1:0" }, `address["hardware"]`},
		{"no host", func(d actors.Device) { d.Spec.Address["hardware"] = ":4777" }, `address["hardware"]`},
		{"share perhaps", func(d actors.Device) { d.Spec.Address["share"] = "perhaps" }, `address["share"]`},
		{"unknown key", func(d actors.Device) { d.Spec.Address["baud"] = "9600" }, `address["baud"]`},
		{"unknown resource", func(d actors.Device) { d.Profile.Resources[0].Name = "speed" }, `resources[0].name`},
		{"other unit", func(d actors.Device) { d.Profile.Resources[0].Unit = "K" }, `resources[0].unit`},
		{"writes what is measured", func(d actors.Device) { d.Profile.Resources[0].Access = roostv1.Access_ACCESS_WRITE }, "resources[0].access"},
		{"protocol entry", func(d actors.Device) { d.Profile.Resources[0].Protocol = map[string]string{"register": "1"} }, `resources[0].protocol["register"]`},
		{"command without steps", func(d actors.Device) { d.Profile.Commands[0].Steps = nil }, "commands[0].steps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := good()
			tt.change(d)
			err := newDriver().Check(d)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (!errors.Is(err, roostv1.ErrInvalid) || !contains(err, tt.want)):
				t.Errorf("got %v, want ErrInvalid with %q", err, tt.want)
			}
		})
	}
}
