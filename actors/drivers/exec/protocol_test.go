package exec_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/exec"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func poll(ctx context.Context, s actors.Session, names ...string) ([]actors.Sample, error) {
	return s.(actors.Poller).Poll(ctx, names)
}

func actuate(ctx context.Context, s actors.Session, a actors.Action) (map[string]*roostv1.Value, error) {
	return s.(actors.Actuator).Actuate(ctx, a)
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestBrokenProtocol: whatever is no right answer fails the poll and ends the session at once, and the error shows the line.
func TestBrokenProtocol(t *testing.T) {
	tests := []struct{ how, want string }{
		{"garbage", `it is no JSON object: "level is 3"`},
		{"wrong-id", `it answers question 77, which was not asked: "{\"id\":77,`},
		{"zero-id", "it answers question 0, which was not asked"},
		{"no-id", `it has neither "id" nor "push"`},
		{"two-things", `it says 2 of "ok":true, "refused", "not_sent" and "error", and has to say one`},
		{"nothing", "it says 0 of"},
		{"two-objects", "something comes after the object"},
		{"half", "it breaks off"},
		{"typo", `unknown field "vaules"`},
		{"no-resource", `the profile has no resource "lvl" to read`},
		{"no-utf8", "it is not UTF-8"},
		{"no-quality", `level: quality "superb" is none of good, uncertain, bad`},
		{"no-reason", `level: reason "mood" is none`},
		{"no-time", "is not in seconds since 1970"},
		{"long", "a line that is longer than 1048576 bytes"},
		{"endless", "a line that is longer than 1048576 bytes"},
		{"exit", `the program ended: exit status 3; it last wrote: "no such port"`},
		{"mute", "the program closed its output"},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			driver, d := behaving(t, tt.how, "")
			s := opened(t, driver, d)
			_, err := poll(within(t, 5*time.Second), s, "level")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, actors.ErrSessionOver) {
				t.Errorf("poll: %v; want the session to be over with %q", err, tt.want)
			}
			_, err = actuate(t.Context(), s, write("level", roostv1.Uint(1)))
			if !errors.Is(err, actors.ErrNotSent) || !errors.Is(err, actors.ErrSessionOver) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("action after it: %v; want ErrNotSent with %q", err, tt.want)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSecondAnswer: an answer that comes once more ends the session; the first one counts.
func TestSecondAnswer(t *testing.T) {
	driver, d := behaving(t, "twice", "")
	s := opened(t, driver, d)
	samples, err := poll(t.Context(), s, "level")
	if err != nil || len(samples) != 1 || samples[0].Value.GetUint() != 3 {
		t.Fatalf("first poll: %v, %v", samples, err)
	}
	err = s.(actors.Pusher).Push(within(t, 5*time.Second), nil)
	if err == nil || !strings.Contains(err.Error(), "once more") {
		t.Errorf("push ended with %v", err)
	}
}

// TestFailingOpen: what a program says to open is told, and nothing is left of it.
func TestFailingOpen(t *testing.T) {
	for how, want := range map[string]string{
		"open-refused": "no such port",
		"open-neither": "it neither is polled nor pushes",
		"open-hang":    "the program did not answer open 1 within",
		"open-exit":    `the program ended: exit status 1; it last wrote: "no module named serial"`,
		"garbage":      "",
	} {
		driver, d := behaving(t, how, "")
		s, err := driver.Open(within(t, time.Second), d)
		switch {
		case want == "" && err == nil:
			_ = s.Close(t.Context())
		case want == "" || err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: open: %v, want %q", how, err, want)
		}
	}
}

// TestPollThatFails: a program may say so, and goes on.
func TestPollThatFails(t *testing.T) {
	for _, how := range []string{"poll-refused", "poll-error"} {
		driver, d := behaving(t, how, "")
		s := opened(t, driver, d)
		for range 2 {
			_, err := poll(t.Context(), s, "level")
			if err == nil || !strings.Contains(err.Error(), "asleep") || errors.Is(err, actors.ErrSessionOver) {
				t.Errorf("%s: poll: %v", how, err)
			}
		}
	}
}

// TestValues: values keep all their digits, and what is none is BAD.
func TestValues(t *testing.T) {
	resources := []*roostv1.Resource{
		resource("level", isUint), resource("sign", isInt), resource("name", isText), resource("raw", isBytes), resource("on", isBool), resource("x", isDouble),
	}
	names := []string{"level", "sign", "name", "raw", "on", "x"}
	for how, want := range map[string]map[string]string{
		"rich": {
			"level": "18446744073709551615 -", "sign": "-9223372036854775808 -", "name": "Kessel -", "raw": "0x0102 -", "on": "true -",
			"x": "0.5 sensor fault",
		},
		"poor": {
			"level": "- comm failure", "sign": "- decode error", "name": "- decode error", "raw": "- decode error", "on": "- decode error",
			"x": "- comm failure",
		},
	} {
		driver, d := behaving(t, how, "", resources...)
		samples, err := poll(t.Context(), opened(t, driver, d), names...)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, s := range samples {
			got[s.Resource] = s.Value.Format() + " " + s.Reason.Word()
			if s.Resource == "x" && how == "rich" {
				if at := time.Unix(1790000000, 250e6); !s.Source.Equal(at) || s.VendorCode != 17 || s.Quality != roostv1.Quality_QUALITY_UNCERTAIN {
					t.Errorf("x is %+v", s)
				}
			}
		}
		for name, want := range want {
			if got[name] != want {
				t.Errorf("%s: %s is %q, want %q", how, name, got[name], want)
			}
		}
	}
}

// TestOpened: the program is told of the device all that it needs, and in the order that a shell can take apart.
func TestOpened(t *testing.T) {
	t.Setenv("ROOST_TEST_PIN", `12"34`)
	r := resource("name", isText)
	r.Unit, r.Protocol = "Cel", map[string]string{"at": "3"}
	driver, d := behaving(t, "opened", "set.port=7 secret.pin=env:ROOST_TEST_PIN", r)
	d.Profile.Commands = []*roostv1.CommandSpec{
		{Name: "start", Arguments: []*roostv1.Argument{{Name: "speed", Type: isUint}}},
		{Name: "steps", Steps: []*roostv1.Step{{}}},
	}
	samples, err := poll(t.Context(), opened(t, driver, d), "name")
	if err != nil {
		t.Fatal(err)
	}
	line := samples[0].Value.GetString_()
	for _, want := range []string{
		`{"op":"open","id":1,"ms":`, `,"version":1,"device":"boiler","settings":{"port":"7"},"secrets":{"pin":"12\"34"},` +
			`"resources":[{"name":"name","type":"string","unit":"Cel","access":"read_write","protocol":{"at":"3"}}],` +
			`"commands":[{"name":"start","arguments":[{"name":"speed","type":"uint","unit":""}]}]}`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("opened with\n%s, want\n%s in it", line, want)
		}
	}
}

// TestDeadlineIsPassedOn: a program knows how long it has.
func TestDeadlineIsPassedOn(t *testing.T) {
	driver, d := behaving(t, "deadline", "", resource("level", isInt), resource("sign", isInt))
	s := opened(t, driver, d)
	before := time.Now()
	samples, err := poll(within(t, 3*time.Second), s, "level", "sign")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range samples {
		switch got := one.Value.GetInt(); one.Resource {
		case "level":
			if got <= 0 || got > 3000 {
				t.Errorf("%d ms were left, of 3 s", got)
			}
		case "sign":
			if left := time.UnixMilli(got).Sub(before); left <= 0 || left > 4*time.Second {
				t.Errorf("the time is over %v after it was asked, want 3 s", left)
			}
		}
	}
}

// TestSecretsStayHidden: neither error nor log shows what a program repeats of its secrets, also where JSON writes it differently.
func TestSecretsStayHidden(t *testing.T) {
	t.Setenv("ROOST_TEST_PIN", `hun"ter2`)
	driver, d := behaving(t, "echo", "secret.pin=env:ROOST_TEST_PIN")
	log := &lines{}
	driver.Log = log.logger()
	s := opened(t, driver, d)
	_, err := poll(within(t, 5*time.Second), s, "level")
	if err == nil || !strings.Contains(err.Error(), "pin") || strings.Contains(err.Error(), "ter2") {
		t.Errorf("poll: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "pin") || strings.Contains(text, "ter2") {
		t.Errorf("logged:\n%s", text)
	}
}

// TestOwnEnvironment: the gateway's environment, where passwords are, is none of the program's concern.
func TestOwnEnvironment(t *testing.T) {
	t.Setenv("ROOST_TEST_PIN", "hunter2")
	driver, d := behaving(t, "environment", "", resource("name", isText))
	samples, err := poll(t.Context(), opened(t, driver, d), "name")
	if err != nil {
		t.Fatal(err)
	}
	text := samples[0].Value.GetString_()
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "ROOST_DEVICE=boiler") || !strings.Contains(text, "PATH=") {
		t.Errorf("the program's environment is\n%s", text)
	}
}

func TestNothingIsAllowedByDefault(t *testing.T) {
	_, d := behaving(t, "usual", "")
	_, err := new(exec.Driver).Open(t.Context(), d)
	if !errors.Is(err, roostv1.ErrPermission) || !strings.Contains(err.Error(), "--exec-allow") {
		t.Errorf("opened with %v, want ErrPermission and how to allow it", err)
	}
}
