package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lamp is a driver of lamps that keeps the contract, except where a test replaces
// one of its parts.
type lamp struct {
	check   func(actors.Device) error
	open    func(context.Context, actors.Device) (actors.Session, error)
	poll    func(context.Context, []string) ([]actors.Sample, error)
	push    func(context.Context, actors.Sink) error
	actuate func(context.Context, actors.Action) (map[string]*roostv1.Value, error)
	close   func(context.Context) error
}

func (l *lamp) Check(d actors.Device) error { return l.check(d) }

func (l *lamp) Open(ctx context.Context, d actors.Device) (actors.Session, error) {
	return l.open(ctx, d)
}

// lampSession is a session of any kind.
type lampSession struct{ *lamp }

func (s lampSession) Poll(ctx context.Context, names []string) ([]actors.Sample, error) {
	return s.poll(ctx, names)
}
func (s lampSession) Push(ctx context.Context, sink actors.Sink) error { return s.push(ctx, sink) }
func (s lampSession) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	return s.actuate(ctx, a)
}
func (s lampSession) Close(ctx context.Context) error { return s.close(ctx) }

// mute is a session that can only be closed.
type mute struct{ *lamp }

func (s mute) Close(ctx context.Context) error { return s.close(ctx) }

func bright() actors.Sample { return actors.Sample{Resource: "bright", Value: roostv1.Uint(3)} }

func newLamp() *lamp {
	l := &lamp{
		check: func(d actors.Device) error {
			if d.Spec == nil || d.Profile == nil {
				return roostv1.ErrInvalid
			}
			return nil
		},
		poll: func(ctx context.Context, names []string) ([]actors.Sample, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var samples []actors.Sample
			for range names {
				samples = append(samples, bright())
			}
			return samples, nil
		},
		push: func(ctx context.Context, sink actors.Sink) error {
			ticker := time.NewTicker(time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-ticker.C:
					_ = sink.Emit(bright())
				}
			}
		},
		actuate: func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
			switch {
			case ctx.Err() != nil:
				return nil, actors.ErrNotSent
			case a.Value.GetInt() == 7: // it says nothing
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
				return nil, errors.New("no answer")
			case a.Resource != "bright":
				return nil, actors.ErrRefused
			}
			return map[string]*roostv1.Value{"was": roostv1.Uint(2)}, nil
		},
		close: func(context.Context) error { return nil },
	}
	l.open = func(_ context.Context, d actors.Device) (actors.Session, error) {
		if d.Spec.Id == "away" {
			return nil, roostv1.ErrOffline
		}
		return lampSession{l}, nil
	}
	return l
}

func lampDevice() actors.Device {
	return actors.Device{
		Spec: &roostv1.DeviceSpec{Id: "lamp", Profile: "lamp", Driver: "lamp"},
		Profile: &roostv1.Profile{Id: "lamp", Resources: []*roostv1.Resource{
			{Name: "bright", Type: roostv1.ValueType_VALUE_TYPE_INT, Access: roostv1.Access_ACCESS_READ_WRITE},
		}},
	}
}

var lampOptions = drivertest.Options{
	Actions: []actors.Action{{Resource: "bright", Value: roostv1.Int(3)}},
	Refused: []actors.Action{{Resource: "dark", Value: roostv1.Int(3)}},
	Silent:  []actors.Action{{Resource: "bright", Value: roostv1.Int(7)}},
	Away:    away(),
}

func away() actors.Device {
	d := lampDevice()
	d.Spec.Id = "away"
	return d
}

func TestGoodDriverPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drivertest.Run(t, newLamp(), lampDevice(), lampOptions)
	})
}

// Each of these drivers breaks one rule, which has to be named.
func TestBrokenDriversAreFound(t *testing.T) {
	deaf := func(d time.Duration) { <-time.After(d) }
	sampled := func(s actors.Sample) func(l *lamp) {
		return func(l *lamp) {
			l.poll = func(context.Context, []string) ([]actors.Sample, error) { return []actors.Sample{s}, nil }
		}
	}
	tests := []struct {
		name   string
		damage func(l *lamp)
		want   string
	}{
		{"refuses the device", func(l *lamp) {
			l.check = func(actors.Device) error { return roostv1.ErrInvalid }
		}, "check: it refuses the device"},
		{"takes no device", func(l *lamp) {
			l.check = func(actors.Device) error { return nil }
		}, "check: verdict on bad device 0"},
		{"Check panics", func(l *lamp) {
			l.check = func(d actors.Device) error { return errors.New(d.Spec.Id) }
		}, "Check panicked"},
		{"no session", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) { return nil, nil }
		}, "open: open: it returned neither"},
		{"mute session", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) { return mute{l}, nil }
		}, "open: drivertest_test.mute is neither a Poller nor a Pusher"},
		{"keeps Open's context", func(l *lamp) {
			l.open = func(opened context.Context, _ actors.Device) (actors.Session, error) {
				own := *l
				own.poll = func(ctx context.Context, names []string) ([]actors.Sample, error) { return l.poll(opened, names) }
				return lampSession{&own}, nil
			}
		}, "poll: poll of [\"bright\"]: context canceled"},
		{"deaf Open", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) { deaf(time.Minute); return nil, nil }
		}, "deadline: Open: it ignored"},
		{"deaf Poll", func(l *lamp) {
			l.poll = func(context.Context, []string) ([]actors.Sample, error) { deaf(time.Minute); return nil, nil }
		}, "deadline: Poll: it ignored"},
		{"deaf Push", func(l *lamp) {
			l.push = func(context.Context, actors.Sink) error { deaf(time.Minute); return nil }
		}, "deadline: Push: it ignored"},
		{"deaf Actuate", func(l *lamp) {
			l.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				deaf(time.Minute)
				return nil, nil
			}
		}, "deadline: Actuate: it ignored"},
		{"deaf Close", func(l *lamp) {
			l.close = func(context.Context) error { deaf(time.Minute); return nil }
		}, "close: close: Close: it ignored"},
		{"not asked", sampled(actors.Sample{Resource: "dark", Value: roostv1.Int(1)}), `poll: a sample of "dark" was not asked for`},
		{"wrong type", sampled(actors.Sample{Resource: "bright", Value: roostv1.Text("very")}), "poll: sample of bright: very is a STRING"},
		{"lost digits", sampled(actors.Sample{Resource: "bright", Value: roostv1.Double(.5)}), "0.5 is not a whole number"},
		{"good without value", sampled(actors.Sample{Resource: "bright"}), "no value and is not BAD"},
		{"bad without reason", sampled(actors.Sample{Resource: "bright", Quality: roostv1.Quality_QUALITY_BAD}), "BAD without a reason"},
		{"no such quality", sampled(actors.Sample{Resource: "bright", Value: roostv1.Int(1), Quality: 77}), "quality 77"},
		{"from the future", func(l *lamp) {
			l.poll = func(context.Context, []string) ([]actors.Sample, error) {
				s := bright()
				s.At = time.Now().Add(time.Hour)
				return []actors.Sample{s}, nil
			}
		}, "in the future"},
		{"nothing good", func(l *lamp) {
			l.poll = func(context.Context, []string) ([]actors.Sample, error) { return nil, nil }
		}, "poll: 3 polls returned no good sample"},
		{"changes the names", func(l *lamp) {
			l.poll = func(_ context.Context, names []string) ([]actors.Sample, error) { clear(names); return nil, nil }
		}, "poll changed the names"},
		{"Poll panics", func(l *lamp) {
			l.poll = func(context.Context, []string) ([]actors.Sample, error) { panic("boom") }
		}, "Poll panicked: boom"},
		{"Push ends by itself", func(l *lamp) {
			l.push = func(_ context.Context, sink actors.Sink) error { return sink.Emit(bright()) }
		}, "push: push returned"},
		{"Push gives up", func(l *lamp) {
			l.push = func(ctx context.Context, sink actors.Sink) error {
				for ctx.Err() == nil {
					if err := sink.Emit(bright()); err != nil {
						return err
					}
					<-time.After(time.Millisecond)
				}
				return nil
			}
		}, "push: push returned busy before its context had ended"},
		{"Push is silent", func(l *lamp) {
			l.push = func(ctx context.Context, _ actors.Sink) error { <-ctx.Done(); return nil }
		}, "push: push sent nothing"},
		{"Push returns another error", func(l *lamp) {
			push := l.push
			l.push = func(ctx context.Context, sink actors.Sink) error { _ = push(ctx, sink); return errors.New("oops") }
		}, "push: push returned oops, want nil"},
		{"Push sends rubbish", func(l *lamp) {
			l.push = func(ctx context.Context, sink actors.Sink) error {
				err := sink.Emit(actors.Sample{Resource: "dark"})
				<-ctx.Done()
				return err
			}
		}, `push: a sample of "dark"`},
		{"does not act", func(l *lamp) {
			l.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { return nil, actors.ErrRefused }
		}, `actuate: write of 3 to "bright": refused`},
		{"does everything", func(l *lamp) {
			l.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { return nil, nil }
		}, `actuate: write of 1 to "no-such-thing": got no error`},
		{"leaves doubt", func(l *lamp) {
			actuate := l.actuate
			l.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
				if a.Resource == "bright" {
					return actuate(ctx, a)
				}
				return nil, errors.New("hm")
			}
		}, `got hm, want ErrRefused or ErrNotSent`},
		{"acts too late", func(l *lamp) {
			actuate := l.actuate
			l.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
				return actuate(context.WithoutCancel(ctx), a)
			}
		}, "succeeded under a context that had ended"},
		{"does not know that it was too late", func(l *lamp) {
			actuate := l.actuate
			l.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return actuate(ctx, a)
			}
		}, "under a context that had ended: got context canceled, want ErrNotSent"},
		{"does not close while it is busy", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) {
				busy := make(chan struct{}, 1) // no mutex: a bubble's time stands still where one is waited for
				own := *l
				own.push = func(ctx context.Context, sink actors.Sink) error {
					busy <- struct{}{}
					defer func() { <-busy }()
					return l.push(ctx, sink)
				}
				own.close = func(context.Context) error { busy <- struct{}{}; <-busy; return nil }
				return lampSession{&own}, nil
			}
		}, "close: close: Close: it ignored"},
		{"panics when it is closed while it is busy", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) {
				closed := make(chan struct{})
				own := *l
				own.push = func(ctx context.Context, sink actors.Sink) error {
					err := sink.Emit(bright())
					select {
					case <-closed:
						panic("closed")
					case <-ctx.Done():
						return err
					}
				}
				own.close = func(context.Context) error { close(closed); return nil }
				return lampSession{&own}, nil
			}
		}, "close: Push while it is closed panicked: closed"},
		{"takes silence for no", func(l *lamp) {
			l.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
				if a.Value.GetInt() == 7 && ctx.Err() == nil {
					<-ctx.Done()
					return nil, actors.ErrNotSent
				}
				return newLamp().actuate(ctx, a)
			}
		}, `silent: write of 7 to "bright", to which the device says nothing: got not sent`},
		{"has values of nobody", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) { return lampSession{l}, nil }
		}, `away: poll of a device that is away: no error, and 1 good samples`},
		{"acts on nobody", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) { return lampSession{l}, nil }
		}, `write of 3 to "bright" at a device that is away: no error`},
		{"deaf Open of nobody", func(l *lamp) {
			l.open = func(_ context.Context, d actors.Device) (actors.Session, error) {
				if d.Spec.Id == "away" {
					deaf(time.Minute)
				}
				return lampSession{l}, nil
			}
		}, "away: open: Open: it ignored"},
		{"answers nothing", func(l *lamp) {
			actuate := l.actuate
			l.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
				answer, err := actuate(ctx, a)
				if err == nil {
					answer["was"] = nil
				}
				return answer, err
			}
		}, "answer was: no value"},
		{"one at a time", func(l *lamp) {
			var mu sync.Mutex
			open := 0
			l.open = func(context.Context, actors.Device) (actors.Session, error) {
				mu.Lock()
				defer mu.Unlock()
				if open > 0 {
					return nil, roostv1.ErrBusy
				}
				open++
				own := *l
				own.close = func(context.Context) error { mu.Lock(); defer mu.Unlock(); open--; return nil }
				own.poll = func(ctx context.Context, names []string) ([]actors.Sample, error) {
					<-time.After(time.Millisecond)
					return l.poll(ctx, names)
				}
				return lampSession{&own}, nil
			}
		}, "many: device lamp-"},
		{"leaves a goroutine", func(l *lamp) {
			l.open = func(context.Context, actors.Device) (actors.Session, error) {
				go deaf(time.Minute)
				return lampSession{l}, nil
			}
		}, "goroutines are left"},
		{"changes the device", func(l *lamp) {
			l.open = func(_ context.Context, d actors.Device) (actors.Session, error) {
				if d.Spec.Id == "lamp" {
					d.Spec.Description = "mine"
				}
				return lampSession{l}, nil
			}
		}, "unchanged: the driver changed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLamp()
				tt.damage(l)
				var text strings.Builder
				for _, err := range drivertest.Verify(t.Context(), l, lampDevice(), lampOptions) {
					fmt.Fprintln(&text, err)
				}
				<-time.After(time.Hour) // until the deaf have ended too
				if !strings.Contains(text.String(), tt.want) {
					t.Errorf("got %q, want something with %q", text.String(), tt.want)
				}
			})
		})
	}
}

// TestTimesByAWallClock: what no clock of this process told is not when a sample came. Not in a bubble: no time has a
// monotonic reading there.
func TestTimesByAWallClock(t *testing.T) {
	l := newLamp()
	l.poll = func(context.Context, []string) ([]actors.Sample, error) {
		s := bright()
		s.At = time.Unix(1, 0)
		return []actors.Sample{s}, nil
	}
	err := errors.Join(drivertest.Verify(t.Context(), l, lampDevice(), lampOptions)...)
	if err == nil || !strings.Contains(err.Error(), "was told by a wall clock") {
		t.Errorf("got %v", err)
	}
}

func TestNothingToJudge(t *testing.T) {
	for _, d := range []actors.Device{{}, {Spec: &roostv1.DeviceSpec{}}, {Profile: &roostv1.Profile{}}} {
		if got := drivertest.Verify(t.Context(), newLamp(), d, drivertest.Options{}); len(got) != 1 {
			t.Errorf("got %v, want one error", got)
		}
	}
	if got := drivertest.Verify(t.Context(), nil, lampDevice(), drivertest.Options{}); len(got) != 1 {
		t.Errorf("got %v, want one error", got)
	}
}
