package actors_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSessionThatIsOver: a driver that knows that its session can do nothing more need not fail poll after poll until the device is
// restarted; and what it says of a command with that is what is told of the command.
func TestSessionThatIsOver(t *testing.T) {
	over := fmt.Errorf("%w: the program ended", actors.ErrSessionOver)
	tests := map[string]struct {
		broken func(s *script)
		state  roostv1.CommandState
	}{
		"poll": {func(s *script) {
			s.poll = func(context.Context, []string) ([]actors.Sample, error) { return nil, over }
		}, 0},
		"unknown command": {func(s *script) {
			s.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { return nil, over }
		}, indeterminate},
		"command not sent": {func(s *script) {
			s.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, over)
			}
		}, failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var polls atomic.Int64
				s := &script{}
				test.broken(s)
				if poll := s.poll; poll != nil { // only the first session is
					s.poll = func(ctx context.Context, names []string) ([]actors.Sample, error) {
						if polls.Add(1) > 1 {
							return []actors.Sample{{Resource: "temp", Value: roostv1.Double(20)}}, nil
						}
						return poll(ctx, names)
					}
				}
				b := start(t, drivers(s))
				b.assign(7, device("boiler-1"))
				synctest.Wait()
				if test.state != 0 {
					if got := b.execute(feed("c1")).State; got != test.state {
						t.Errorf("the command is %v, want %v", got, test.state)
					}
				}
				sleep(2 * time.Second)
				failed := b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)
				if opens, _ := s.count(); len(failed) != 1 || opens != 2 {
					t.Errorf("%d failures told and %d sessions opened after the first that was over, want 1 and 2", len(failed), opens)
				}
				b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
			})
		})
	}
}
