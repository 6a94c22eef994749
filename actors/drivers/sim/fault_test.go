package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// failures returns which of so many polls fail, from 1, one every second.
func failures(t *testing.T, s actors.Session, polls int) []int {
	t.Helper()
	var failed []int
	for n := range polls {
		if _, err := s.(actors.Poller).Poll(t.Context(), []string{"count"}); err != nil {
			failed = append(failed, n+1)
		}
		pass(time.Second)
	}
	return failed
}

func TestSchedules(t *testing.T) {
	tests := []struct {
		schedule string
		want     []int // of ten polls, one a second
	}{
		{"always", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"100%", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"0%", nil},
		{"3", []int{3}},
		{"3..5", []int{3, 4, 5}},
		{"every 4", []int{4, 8}},
		{"after 7", []int{8, 9, 10}},
		{"2s..4s", []int{3, 4}},
		{"after 8s", []int{9, 10}},
		{"1, 3..4, every 5, after 9s", []int{1, 3, 4, 5, 10}},
		{" 2 ,  3 ", []int{2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.schedule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, sim.NewDriver(nil), device("d", "sensor", "fault.poll.error", tt.schedule))
				if got := failures(t, s, 10); !slices.Equal(got, tt.want) {
					t.Errorf("polls %v failed, want %v", got, tt.want)
				}
			})
		})
	}
}

// The calls of a fault count on over sessions.
func TestSchedulesOutliveSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, sensor := sim.NewDriver(nil), device("d", "sensor", "fault.poll.error", "3..4", "fault.open.error", "2")
		if got := failures(t, open(t, d, sensor), 3); !slices.Equal(got, []int{3}) {
			t.Errorf("first session: polls %v failed, want 3", got)
		}
		if _, err := d.Open(t.Context(), sensor); err == nil {
			t.Error("the second open succeeded, want its fault")
		}
		if got := failures(t, open(t, d, sensor), 3); !slices.Equal(got, []int{1}) {
			t.Errorf("second session: polls %v failed, want 1", got)
		}
	})
}

// The same seed has the same luck, and luck has its share.
func TestChanceIsSeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := func(id, seed string) []int {
			return failures(t, open(t, sim.NewDriver(nil), device(id, "sensor", "seed", seed, "fault.poll.error", "10%")), 5000)
		}
		first, again, other := run("a", "1"), run("b", "1"), run("a", "2")
		if !slices.Equal(first, again) {
			t.Error("the same seed had other luck")
		}
		if slices.Equal(first, other) {
			t.Error("another seed had the same luck")
		}
		if len(first) < 400 || len(first) > 600 {
			t.Errorf("%d of 5000 polls failed, want about 500", len(first))
		}
	})
}

func TestScheduleErrors(t *testing.T) {
	const forms = `want "always", "5%", "every 20", "3", "3..5", "after 10", "10s..20s" or "after 30s"`
	tests := []struct{ fault, schedule, want string }{
		{"poll.error", "", "nothing where a schedule was expected; " + forms},
		{"poll.error", "3,", "nothing where a schedule was expected"},
		{"poll.error", "sometimes", `"sometimes" is not a number of a call, which count from 1; ` + forms},
		{"poll.error", "0", `"0" is not a number of a call`},
		{"poll.error", "-3", `"-3" is not a number of a call`},
		{"poll.error", "every 0", `"0" is not a number of a call`},
		{"poll.error", "every other", `"other" is not a number of a call`},
		{"poll.error", "101%", `"101%" is not a percentage from 0% to 100%`},
		{"poll.error", "NaN%", `"NaN%" is not a percentage`},
		{"poll.error", "5..3", "the range 5..3 is reversed"},
		{"poll.error", "3..", `"" is not a number of a call`},
		{"poll.error", "3..5s", `"5s" is not a number of a call`},
		{"poll.error", "3s..5", `"5" is not a duration`},
		{"poll.error", "x..5s", `"x" is neither a number of a call nor a duration`},
		{"poll.error", "5s..3s", "the time from 5s to 3s is empty"},
		{"poll.error", "-5s..3s", `"-5s" is neither a number of a call nor a duration`},
		{"poll.error", "after noon", `"noon" is neither a number of calls nor a duration`},
		{"poll.error", "after -3s", `"-3s" is before the start`},
		{"poll.error", "3 for 5s", `"3 for 5s" says for how long, but poll.error takes no time`},
		{"poll.slow", "3", `"3" does not say for how long; want "3 for 200ms" or "3 for 50ms..2s"`},
		{"poll.slow", "3 for ever", `"ever" is not a duration above zero, like 200ms or 30s`},
		{"poll.slow", "3 for 0s", `"0s" is not a duration above zero`},
		{"poll.slow", "3 for 2s..1s", "the durations 2s..1s are reversed"},
		{"poll.crash", "3", `a sensor has no fault "poll.crash"; it has open.slow, `},
		{"poll.refuse", "3", `a sensor has no fault "poll.refuse"`},
		{"actuate.trip", "3", `a sensor has no fault "actuate.trip"`},
	}
	for _, tt := range tests {
		t.Run(tt.fault+" "+tt.schedule, func(t *testing.T) {
			err := sim.NewDriver(nil).Check(device("d", "sensor", "fault."+tt.fault, tt.schedule))
			want := fmt.Sprintf("address[%q]: %s", "fault."+tt.fault, tt.want)
			if !errors.Is(err, roostv1.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// A schedule that can be read can be written, and is then read as the same.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"always", "5%", "every 20", "3..5, after 10", "10s..20s", "after 1m for 2s", "1 for 50ms..2s", "33.3%", "after 0s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, second, err := sim.ReparseSchedule(text)
		if first == "" && err != nil {
			return
		}
		if err != nil || first != second {
			t.Errorf("%q was written %q and read as %q, %v", text, first, second, err)
		}
	})
}

func TestPollFaults(t *testing.T) {
	tests := []struct {
		fault string
		want  func(samples []actors.Sample, err error) bool
	}{
		{"error", func(_ []actors.Sample, err error) bool { return err != nil }},
		{"stale", func(s []actors.Sample, err error) bool { return len(s) == 0 && err == nil }},
		{"bad", func(s []actors.Sample, err error) bool {
			return len(s) == 2 && s[0].Value == nil && s[0].Quality == roostv1.Quality_QUALITY_BAD &&
				s[0].Reason == roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT && err == nil
		}},
		{"wrong_type", func(s []actors.Sample, err error) bool {
			return len(s) == 2 && s[0].Value.Type() == roostv1.ValueType_VALUE_TYPE_STRING &&
				s[1].Value.Type() == roostv1.ValueType_VALUE_TYPE_BOOL && err == nil
		}},
		{"out_of_range", func(s []actors.Sample, err error) bool {
			return len(s) == 2 && s[0].Value.GetDouble() < -50 && s[1].Value.GetString_() == "beyond" && err == nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			s := open(t, sim.NewDriver(nil), device("d", "thermostat", "fault.poll."+tt.fault, "2"))
			for n := range 3 {
				samples, err := s.(actors.Poller).Poll(t.Context(), []string{"temperature", "mode"})
				if n != 1 && (err != nil || len(samples) != 2 || samples[0].Quality != roostv1.Quality_QUALITY_GOOD) {
					t.Errorf("poll %d: got %v, %v; want good samples", n+1, samples, err)
				}
				if n == 1 && !tt.want(samples, err) {
					t.Errorf("poll 2: got %v, %v", samples, err)
				}
			}
		})
	}
}

// panics returns what f panicked with.
func panics(f func()) (with any) {
	defer func() { with = recover() }()
	f()
	return nil
}

func TestPanics(t *testing.T) {
	ctx := t.Context()
	for _, call := range []string{"open", "poll", "actuate", "close"} {
		t.Run(call, func(t *testing.T) {
			d := sim.NewDriver(nil)
			got := panics(func() {
				s, err := d.Open(ctx, device("d", "pump", "fault."+call+".panic", "1"))
				if err != nil {
					t.Fatal(err)
				}
				_, _ = s.(actors.Poller).Poll(ctx, []string{"speed"})
				_, _ = s.(actors.Actuator).Actuate(ctx, actors.Action{Resource: "run", Value: roostv1.Bool(true)})
				_ = s.Close(ctx)
			})
			if got != "sim: simulated panic of device d" {
				t.Errorf("got panic %v", got)
			}
			if call == "close" && d.World().Sessions("d") != 0 {
				t.Error("the session is still open at the hardware")
			}
		})
	}
	t.Run("push", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, sim.NewDriver(nil), device("d", "pump", "push", "1s", "fault.push.panic", "2"))
			got := panics(func() { _ = s.(actors.Pusher).Push(t.Context(), &sink{}) })
			if got == nil {
				t.Error("got no panic")
			}
		})
	})
}

// begin makes a call of each kind that a fault can hit.
func begin(ctx context.Context, d *sim.Driver, device actors.Device, call string) error {
	if call == "open" {
		_, err := d.Open(ctx, device)
		return err
	}
	s, err := d.Open(context.Background(), device)
	if err != nil {
		return err
	}
	switch call {
	case "poll":
		_, err = s.(actors.Poller).Poll(ctx, []string{"speed"})
	case "push":
		err = s.(actors.Pusher).Push(ctx, &sink{})
	case "actuate":
		_, err = s.(actors.Actuator).Actuate(ctx, actors.Action{Resource: "run", Value: roostv1.Bool(true)})
	case "close":
		err = s.Close(ctx)
	}
	return err
}

// faulty returns a pump whose calls of that kind have the fault.
func faulty(call, fault, schedule string) actors.Device {
	keys := []string{"fault." + call + "." + fault, schedule}
	if call == "push" {
		keys = append(keys, "push", "1ms")
	}
	return device("d", "pump", keys...)
}

var everyCall = []string{"open", "poll", "push", "actuate", "close"}

// A hung call ignores its context until it is released.
func TestHangIgnoresItsContext(t *testing.T) {
	for _, call := range everyCall {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sim.NewDriver(nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var err error
				returned := make(chan struct{})
				go func() {
					defer close(returned)
					err = begin(ctx, d, faulty(call, "hang", "always"), call)
				}()
				pass(time.Hour)
				synctest.Wait()
				if got := d.World().Hanging("d"); got != 1 || isClosed(returned) {
					t.Fatalf("an hour after its deadline, %d calls hang and the call returned: %v", got, isClosed(returned))
				}
				d.World().Release("d")
				<-returned
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("released: got %v, want its context's error", err)
				}
				if got := d.World().Hanging("d"); got != 0 {
					t.Errorf("%d calls hang still", got)
				}
				for _, r := range d.World().Log() {
					t.Errorf("the hardware did something: %v", r)
				}
			})
		})
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestHangEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := begin(t.Context(), sim.NewDriver(nil), faulty("poll", "hang", "always for 30s"), "poll"); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("it hung for %v, want 30s", got)
		}
	})
}

// A slow call takes its time, and ends with its context.
func TestSlowHonoursItsContext(t *testing.T) {
	for _, call := range everyCall {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sim.NewDriver(nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				err := begin(ctx, d, faulty(call, "slow", "always for 1m"), call)
				if got := time.Since(start); got != time.Second || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v after %v, want its context's error after 1s", err, got)
				}
				for _, r := range d.World().Log() {
					t.Errorf("the hardware did something: %v", r)
				}
			})
		})
	}
}

func TestSlowTakesAsLongAsDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("d", "sensor", "fault.poll.slow", "always for 100ms..300ms"))
		var least, most time.Duration = time.Hour, 0
		for range 200 {
			start := time.Now()
			poll(t, s, "count")
			took := time.Since(start)
			least, most = min(least, took), max(most, took)
		}
		if least < 100*time.Millisecond || least > 110*time.Millisecond || most > 300*time.Millisecond || most < 290*time.Millisecond {
			t.Errorf("polls took from %v to %v, want nearly all of 100ms..300ms", least, most)
		}
	})
}

// What the sender is told, and what the hardware did.
func TestActuateFaults(t *testing.T) {
	tests := []struct {
		fault    string
		is       error // that the error has to be
		isNot    error
		done     bool
		recorded bool
	}{
		{"error", nil, actors.ErrNotSent, false, false},
		{"not_sent", actors.ErrNotSent, actors.ErrRefused, false, false},
		{"refuse", actors.ErrRefused, actors.ErrNotSent, false, true},
		{"lost", nil, actors.ErrRefused, true, true},
		{"trip", actors.ErrRefused, actors.ErrNotSent, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			d := sim.NewDriver(nil)
			s := open(t, d, device("d", "pump", "fault.actuate."+tt.fault, "always"))
			err := write(t, s, "run", roostv1.Bool(true))
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || errors.Is(err, tt.isNot) {
				t.Errorf("got %v, want %v, and not %v", err, tt.is, tt.isNot)
			}
			if got := poll(t, s, "run")["run"].GetBool(); got != tt.done {
				t.Errorf("it runs: %v, want %v", got, tt.done)
			}
			log := d.World().Log()
			if got := len(log) == 1; got != tt.recorded {
				t.Fatalf("the hardware wrote down %v", log)
			}
			if tt.recorded && (log[0].Refusal == "") != tt.done {
				t.Errorf("the hardware wrote down %v", log[0])
			}
		})
	}
}

// A late action acts when it arrives, whatever became of its sender.
func TestLateActionActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sim.NewDriver(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := begin(ctx, d, faulty("actuate", "late", "1 for 10s"), "actuate")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want its context's error", err)
		}
		log := d.World().Log()
		if len(log) != 1 || log[0].Refusal != "" || log[0].At.Sub(start) != 10*time.Second {
			t.Errorf("the hardware wrote down %v, want one action done after 10s", log)
		}
	})
}

func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sim.NewDriver(nil)
		world := d.World()
		s := open(t, d, device("d", "sensor", "fault.poll.error", "1"))
		steps := []struct {
			fault, schedule string
			want            []int // of the next three polls
		}{
			{"poll.stale", "always", []int{1}},
			{"poll.error", "2", []int{2}},
			{"poll.error", "3", []int{3}},
			{"poll.error", "", nil},
			{"poll.error", "", nil},
		}
		for _, step := range steps {
			if err := world.Break("d", step.fault, step.schedule); err != nil {
				t.Fatal(err)
			}
			if got := failures(t, s, 3); !slices.Equal(got, step.want) {
				t.Errorf("after %v: polls %v failed, want %v", step, got, step.want)
			}
		}
		if err := world.Break("d", "poll.error", "maybe"); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("bad schedule: got %v, want ErrInvalid", err)
		}
		if err := world.Break("e", "poll.error", "1"); !errors.Is(err, roostv1.ErrNotFound) {
			t.Errorf("unknown device: got %v, want ErrNotFound", err)
		}
	})
}

// Every fault is in the table of the README.
func TestFaultsAreDocumented(t *testing.T) {
	readme := readFile(t, "README.md")
	for _, name := range sim.FaultNames() {
		_, what, _ := strings.Cut(name, ".")
		if !strings.Contains(readme, "`"+what+"`") {
			t.Errorf("fault %s is not in README.md", name)
		}
	}
}

// sink takes what is pushed.
type sink struct {
	mu      sync.Mutex
	emitted []actors.Sample
	stored  []actors.Sample
	refuse  bool // Deliver
}

func (s *sink) Emit(samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitted = append(s.emitted, samples...)
	return nil
}

func (s *sink) Deliver(ctx context.Context, samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return roostv1.ErrUnavailable
	}
	s.stored = append(s.stored, samples...)
	return ctx.Err()
}

// counts returns the values of the resource count.
func counts(samples []actors.Sample) []uint64 {
	var all []uint64
	for _, s := range samples {
		if s.Resource == "count" {
			all = append(all, s.Value.GetUint())
		}
	}
	return all
}

// pushFor runs Push for a while and returns its error.
func pushFor(t *testing.T, s actors.Session, to actors.Sink, long time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	return s.(actors.Pusher).Push(ctx, to)
}

func TestPush(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want []uint64 // counts pushed in 5.5 s
	}{
		{"steady", nil, []uint64{1, 2, 3, 4, 5}},
		{"stale", []string{"fault.push.stale", "2..3"}, []uint64{1, 2, 3}},
		{"babble", []string{"fault.push.babble", "2", "burst", "3"}, []uint64{1, 2, 3, 4, 5, 6, 7}},
		{"delivered", []string{"deliver", "true"}, []uint64{1, 2, 3, 4, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var to sink
				s := open(t, sim.NewDriver(nil), device("d", "sensor", append(tt.keys, "push", "1s")...))
				if err := pushFor(t, s, &to, 5500*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want its context's error", err)
				}
				got := counts(to.emitted)
				if tt.name == "delivered" {
					got = counts(to.stored)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestPushError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("d", "sensor", "push", "1s", "fault.push.error", "3"))
		var to sink
		if err := pushFor(t, s, &to, time.Minute); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the fault", err)
		}
		if got := counts(to.emitted); !slices.Equal(got, []uint64{1, 2}) {
			t.Errorf("got %v before the fault, want 1 and 2", got)
		}
	})
}

// What was not acknowledged is sent again, also by the next session.
func TestDeliverAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, sensor := sim.NewDriver(nil), device("d", "sensor", "push", "1s", "deliver", "true")
		away := &sink{refuse: true}
		_ = pushFor(t, open(t, d, sensor), away, 3500*time.Millisecond)
		var to sink
		_ = pushFor(t, open(t, d, sensor), &to, 3500*time.Millisecond)
		if got := counts(to.stored); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("got %v, want 1, 2 and 3: the first was never acknowledged", got)
		}
	})
}
