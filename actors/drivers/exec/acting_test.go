package exec_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestOutcomes: what is certain of an action is told, and nothing else.
func TestOutcomes(t *testing.T) {
	tests := []struct {
		how, want   string
		kind        error // nil: it is unknown
		over        bool
		goesOn, yes bool
	}{
		{how: "refused", want: "the lid is open", kind: actors.ErrRefused, goesOn: true},
		{how: "not-sent", want: "the port is closed", kind: actors.ErrNotSent, goesOn: true},
		{how: "error", want: "no answer", goesOn: true},
		{how: "act-garbage", want: `it is no JSON object: "done!"`, over: true},
		{how: "act-exit", want: "the program ended: exit status 0", over: true},
		{how: "act-hang", want: "it was ended, lest it is done late", over: true},
		{how: "act-ok-exit", yes: true},
		{how: "usual", yes: true, goesOn: true},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			driver, d := behaving(t, tt.how, "")
			s := opened(t, driver, d)
			wait := 5 * time.Second
			if tt.how == "act-hang" {
				wait = 200 * time.Millisecond
			}
			_, err := actuate(within(t, wait), s, write("level", roostv1.Uint(1)))
			if tt.yes != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("it ended with %v, want %q", err, tt.want)
			}
			for _, kind := range []error{actors.ErrRefused, actors.ErrNotSent} {
				if errors.Is(err, kind) != (kind == tt.kind) {
					t.Errorf("that it is %q is %v: %v", kind, errors.Is(err, kind), err)
				}
			}
			if errors.Is(err, actors.ErrSessionOver) != tt.over {
				t.Errorf("that the session is over is not %v: %v", tt.over, err)
			}
			if _, err := poll(within(t, 5*time.Second), s, "level"); (err == nil) != tt.goesOn {
				t.Errorf("poll after it: %v", err)
			}
		})
	}
}

// TestResults: what a device answers to a command is passed on.
func TestResults(t *testing.T) {
	driver, d := behaving(t, "answers", "")
	s := opened(t, driver, d)
	got, err := actuate(t.Context(), s, actors.Action{Command: "start"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["was"].GetInt() != 7 || got["name"].GetString_() != "old" {
		t.Errorf("the answer is %v", maps.Collect(maps.All(got)))
	}
}

// TestResultsThatAreNone: it was done all the same, and the program is ended, since it breaks the protocol.
func TestResultsThatAreNone(t *testing.T) {
	driver, d := behaving(t, "bad-answer", "")
	s := opened(t, driver, d)
	if _, err := actuate(t.Context(), s, actors.Action{Command: "start"}); err != nil {
		t.Error(err)
	}
	if _, err := poll(t.Context(), s, "level"); !errors.Is(err, actors.ErrSessionOver) {
		t.Errorf("poll after it: %v", err)
	}
}

// TestAskedOnce: an action is asked once, with all that the program needs, and what has no answer is not asked again.
func TestAskedOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "asked")
	driver, d := behaving(t, "act-count", "arg3="+file)
	s := opened(t, driver, d)
	a := actors.Action{CommandID: "c1", Command: "start", Arguments: map[string]*roostv1.Value{"speed": roostv1.Double(0.5)}, Epoch: 7}
	if _, err := actuate(within(t, 500*time.Millisecond), s, a); err == nil || errors.Is(err, actors.ErrNotSent) {
		t.Errorf("action: %v, want an unknown outcome", err)
	}
	if _, err := actuate(within(t, 500*time.Millisecond), s, a); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("action after it: %v, want ErrNotSent", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	asked, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(asked); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, `{"op":"command","id":2,"ms":`) ||
		!strings.Contains(text, `"command":"start","arguments":{"speed":0.5},"command_id":"c1","epoch":7}`) {
		t.Errorf("asked:\n%s", text)
	}
}

// TestSlowAnswer: a late answer is thrown away, and while it is owed nothing is asked that could be done later than its time.
func TestSlowAnswer(t *testing.T) {
	driver, d := behaving(t, "slow", "")
	s := opened(t, driver, d)
	began := time.Now()
	if _, err := poll(within(t, 50*time.Millisecond), s, "level"); err == nil || errors.Is(err, actors.ErrSessionOver) {
		t.Errorf("slow poll: %v", err)
	}
	_, err := actuate(within(t, 50*time.Millisecond), s, write("level", roostv1.Uint(1)))
	if !errors.Is(err, actors.ErrNotSent) || !strings.Contains(err.Error(), "still owes the answer to poll 2") {
		t.Errorf("action while an answer is owed: %v, want ErrNotSent", err)
	}
	if _, err := actuate(within(t, 5*time.Second), s, write("level", roostv1.Uint(1))); err != nil {
		t.Errorf("action that waits for the late answer: %v", err)
	}
	samples, err := poll(t.Context(), s, "level")
	if err != nil || samples[0].Value.GetUint() == 99 {
		t.Errorf("poll after it: %v, %v", samples, err)
	}
	t.Logf("served again %v after a poll that took 400 ms", time.Since(began).Round(time.Millisecond))
}

// TestDeafProgram: a program that reads nothing holds nobody beyond the deadline, also with a question that no pipe holds.
func TestDeafProgram(t *testing.T) {
	for name, size := range map[string]int{"short": 10, "long": roostv1.MaxValue} {
		t.Run(name, func(t *testing.T) {
			driver, d := behaving(t, "deaf", "", resource("name", isText))
			s := opened(t, driver, d)
			began := time.Now()
			_, err := actuate(within(t, 100*time.Millisecond), s, write("name", roostv1.Text(strings.Repeat("x", size))))
			if err == nil || errors.Is(err, actors.ErrNotSent) || !errors.Is(err, actors.ErrSessionOver) {
				t.Errorf("action: %v, want an unknown outcome and the end", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestTooLate: under a context that has ended nothing is asked.
func TestTooLate(t *testing.T) {
	driver, d := behaving(t, "usual", "")
	s := opened(t, driver, d)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := actuate(ended, s, write("level", roostv1.Uint(1))); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("action: %v, want ErrNotSent", err)
	}
	if _, err := poll(t.Context(), s, "level"); err != nil {
		t.Errorf("poll after it: %v", err)
	}
}

// taker is a sink that keeps what it is given.
type taker struct {
	mu      sync.Mutex
	samples []actors.Sample
}

func (s *taker) Emit(samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, samples...)
	return nil
}

func (s *taker) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.samples)
}

func (s *taker) Deliver(_ context.Context, samples ...actors.Sample) error { return s.Emit(samples...) }

// TestLastPushes: what a program sent before its end arrives, and then the session is over at once.
func TestLastPushes(t *testing.T) {
	driver, d := behaving(t, "pushes", "")
	s := opened(t, driver, d)
	to := &taker{}
	err := s.(actors.Pusher).Push(within(t, 5*time.Second), to)
	if !errors.Is(err, actors.ErrSessionOver) || !strings.Contains(err.Error(), "exit status 0") {
		t.Errorf("push ended with %v", err)
	}
	if len(to.samples) != 3 || to.samples[2].Value.GetUint() != 2 || to.samples[0].At.IsZero() {
		t.Errorf("samples %v", to.samples)
	}
}

// TestFlood: a program that sends without end is polled in between, and can be closed, also when nobody takes what it sends.
func TestFlood(t *testing.T) {
	driver, d := behaving(t, "floods", "")
	s := opened(t, driver, d)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	pushed := make(chan error, 1)
	go func() { pushed <- s.(actors.Pusher).Push(ctx, &taker{}) }()
	for range 3 {
		if _, err := poll(within(t, 5*time.Second), s, "level"); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-pushed; !errors.Is(err, context.Canceled) {
		t.Errorf("push ended with %v", err)
	}
	began := time.Now()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("close took %v", took)
	}
}

// TestPolledAndPushing: a program may do both, and its lines come in any order.
func TestPolledAndPushing(t *testing.T) {
	driver, d := behaving(t, "both", "")
	s := opened(t, driver, d)
	to, ctx := &taker{}, within(t, 5*time.Second)
	pushed := make(chan error, 1)
	pushing, stop := context.WithCancel(ctx)
	go func() { pushed <- s.(actors.Pusher).Push(pushing, to) }()
	for i := range 5 {
		samples, err := poll(ctx, s, "level")
		if err != nil || len(samples) != 1 || samples[0].Value.GetUint() != uint64(i+2) {
			t.Fatalf("poll: %v, %v", samples, err)
		}
	}
	for to.count() < 10 { // two around each answer
		if ctx.Err() != nil {
			t.Fatalf("%d samples were pushed, want 10", to.count())
		}
		<-time.After(time.Millisecond)
	}
	stop()
	if err := <-pushed; !errors.Is(err, context.Canceled) {
		t.Errorf("push ended with %v", err)
	}
}

// TestWrittenValues: a program gets values as JSON has them, with all their digits, and BYTES in base64.
func TestWrittenValues(t *testing.T) {
	driver, d := behaving(t, "act-echo", "", resource("x", isUint))
	s := opened(t, driver, d)
	for _, tt := range []struct {
		value *roostv1.Value
		want  string
	}{
		{roostv1.Bool(false), "false"}, {roostv1.Int(-9223372036854775808), "-9223372036854775808"}, {roostv1.Uint(18446744073709551615), "18446744073709551615"},
		{roostv1.Double(0.1), "0.1"}, {roostv1.Text(`a"op":"poll"`), `"a\"op\":\"poll\""`}, {roostv1.Bytes([]byte{1, 2}), `"AQI="`}, {nil, "null"},
	} {
		got, err := actuate(t.Context(), s, write("x", tt.value))
		if err != nil {
			t.Fatal(err)
		}
		if line := got["said"].GetString_(); !strings.HasPrefix(line, `{"op":"write","id":`) || !strings.Contains(line, `"resource":"x","value":`+tt.want+`,"command_id":`) {
			t.Errorf("%v is asked for as %s, want the value %s", tt.value, line, tt.want)
		}
	}
}
