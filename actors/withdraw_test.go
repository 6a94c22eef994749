package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// slow is how long after the end of its context a tardy driver call returns.
const slow = 300 * time.Millisecond

// tardy is a driver that counts its calls under way. Those that obey return slow after their
// context has ended.
type tardy struct {
	script
	inside, most atomic.Int64
}

// enter counts a call until leave.
func (d *tardy) enter() (leave func()) {
	now := d.inside.Add(1)
	d.most.Store(max(d.most.Load(), now))
	return func() { d.inside.Add(-1) }
}

func (d *tardy) obey(ctx context.Context) error {
	defer d.enter()()
	<-ctx.Done()
	<-time.After(slow)
	return ctx.Err()
}

func (d *tardy) poll(ctx context.Context, _ []string) ([]actors.Sample, error) {
	return nil, d.obey(ctx)
}

// A bus's actors end at once when they are stopped, its driver calls do not: Withdraw returned while
// Actuate ran, and the next gateway acted beside this one. The second Withdraw after a cut waits.
func TestWithdrawWaitsForTheDriver(t *testing.T) {
	tests := map[string]func(d *tardy){
		"poll": func(d *tardy) { d.script.poll = d.poll },
		"open": func(d *tardy) {
			d.open = func(ctx context.Context) error { _ = d.obey(ctx); return nil }
		},
		"push": func(d *tardy) {
			d.push = func(ctx context.Context, _ actors.Sink) error { return d.obey(ctx) }
		},
		"command": func(d *tardy) {
			d.actuate = func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
				return nil, d.obey(ctx)
			}
		},
		"close": func(d *tardy) {
			d.close = func(context.Context) error {
				defer d.enter()()
				<-time.After(slow)
				return nil
			}
		},
	}
	for name, prepare := range tests {
		for _, cut := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cut off %v", name, cut), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := &tardy{}
					prepare(d)
					b := start(t, drivers(&d.script))
					b.assign(7, device("boiler-1"))
					go func() { _, _ = b.Execute(context.Background(), feed("c1")) }()
					sleep(100 * time.Millisecond)
					if cut {
						b.cutOff("boiler-1")
					}
					if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
						t.Fatal(err)
					}
					opens, closes := d.count()
					if n := d.inside.Load(); n != 0 || opens != 1 || closes != 1 {
						t.Errorf("withdrawn with %d calls under way, %d sessions opened and %d closed", n, opens, closes)
					}
				})
			})
		}
	}
}

// cutOff withdraws a bus with no patience.
func (b *bench) cutOff(bus string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Millisecond)
	defer cancel()
	if err := b.Withdraw(ctx, bus); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Errorf("withdraw: %v, want deadline exceeded", err)
	}
}

func TestWithdrawGivesUpOnADriverThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := newSignal()
		t.Cleanup(func() { close(end) })
		b := start(t, drivers(&script{poll: func(context.Context, []string) ([]actors.Sample, error) { <-end; return nil, nil }}))
		b.assign(7, device("boiler-1"))
		sleep(600 * time.Millisecond)
		began := time.Now()
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("the withdrawal took %v, want the second after which a call is abandoned", took)
		}
	})
}

// A hand-over has 300 ms: an idle bus must not take any of them.
func TestIdleBusIsWithdrawnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(7, device("boiler-1"))
		sleep(2500 * time.Millisecond)
		began := time.Now()
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("nothing was under way, and the withdrawal waited for %v", took)
		}
	})
}

// One bus, one user, also from one epoch to the next.
func TestNewEpochWaitsForTheDriver(t *testing.T) {
	for _, cut := range []bool{false, true} {
		t.Run(fmt.Sprintf("cut off %v", cut), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &tardy{}
				d.script.poll = d.poll
				d.open = func(context.Context) error { defer d.enter()(); return nil }
				b := start(t, drivers(&d.script))
				b.assign(7, device("boiler-1"))
				sleep(100 * time.Millisecond) // a poll is under way
				if cut {
					b.cutOff("boiler-1")
				}
				b.assign(9, device("boiler-1"))
				sleep(time.Second)
				if opens, _ := d.count(); opens != 2 {
					t.Fatalf("%d sessions opened, want one an epoch", opens)
				}
				if n := d.most.Load(); n != 1 {
					t.Errorf("%d calls used the bus at once", n)
				}
			})
		})
	}
}

// A session that opened after its device was stopped went to nobody, and stayed open: the device
// may take one only.
func TestSessionThatOpensDuringTheWithdrawalIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{open: func(context.Context) error { <-time.After(slow); return nil }}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(100 * time.Millisecond)
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if opens, closes := s.count(); opens != 1 || closes != 1 {
			t.Errorf("withdrawn with %d sessions opened and %d closed", opens, closes)
		}
	})
}

// Once the bus is given up, the device may be another gateway's: its session is freed in silence.
func TestSessionThatOpensAfterTheWithdrawalIsClosedInSilence(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		t.Run(fmt.Sprintf("gateway stopped %v", stopped), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var silent atomic.Bool
				s := &script{
					open:  func(context.Context) error { <-time.After(time.Minute); return nil },
					close: func(ctx context.Context) error { silent.Store(ctx.Err() != nil); return nil },
				}
				b := start(t, drivers(s))
				b.assign(7, device("boiler-1"))
				sleep(100 * time.Millisecond)
				if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
					t.Fatal(err)
				}
				if stopped {
					_ = b.stop()
				}
				sleep(time.Minute)
				if opens, closes := s.count(); opens != 1 || closes != 1 || !silent.Load() {
					t.Errorf("%d sessions opened and %d closed, in silence: %v", opens, closes, silent.Load())
				}
			})
		})
	}
}

// A bus that was cut off before it had heard its name ended namelessly, and was waited for without end.
func TestBusThatIsCutOffAtOnceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for i := range 300 {
			id := fmt.Sprintf("boiler-%d", i)
			a := &roostv1.Assignment{Bus: id, Epoch: 7, Devices: []*roostv1.DeviceSpec{device(id)}, Profiles: []*roostv1.Profile{boiler()}}
			if err := b.Assign(ctx, a); err != nil {
				t.Fatal(err)
			}
			_ = b.Withdraw(ended, id)
		}
		for i := range 300 {
			if err := b.Withdraw(ctx, fmt.Sprintf("boiler-%d", i)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
