package drivertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkActuate judges how actions end.
func checkActuate(ctx context.Context, t *trial) error {
	return t.with(ctx, func(s actors.Session) error {
		a, ok := s.(actors.Actuator)
		if !ok {
			return nil
		}
		var broken []error
		for _, action := range t.Actions {
			broken = append(broken, t.acknowledged(ctx, a, action))
		}
		for _, action := range append(t.nonsense(), t.Refused...) {
			if err := t.act(ctx, a, action); !errors.Is(err, actors.ErrRefused) && !errors.Is(err, actors.ErrNotSent) {
				broken = append(broken, fmt.Errorf("%s: got %w, want ErrRefused or ErrNotSent", describe(action), orNone(err)))
			}
		}
		if len(t.Actions) > 0 {
			broken = append(broken, t.tooLate(ctx, a, t.Actions[0]))
		}
		return errors.Join(broken...)
	})
}

// checkSilent judges actions that the device takes in and says nothing to: nobody may be told that they were done, nor that they were not.
func checkSilent(ctx context.Context, t *trial) error {
	var broken []error
	for _, action := range t.Silent {
		broken = append(broken, t.with(ctx, func(s actors.Session) error {
			a, ok := s.(actors.Actuator)
			if !ok {
				return nil
			}
			err := t.call(ctx, silence, "Actuate", func(ctx context.Context) error {
				_, err := a.Actuate(ctx, action)
				return err
			})
			if err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused) || isDefect(err) {
				return fmt.Errorf("%s, to which the device says nothing: got %w, want an error that is neither ErrNotSent nor ErrRefused", describe(action), orNone(err))
			}
			return nil
		}))
	}
	return errors.Join(broken...)
}

// silence is how long an answer is waited for that does not come.
const silence = 300 * time.Millisecond

// acknowledged judges an action that succeeds.
func (t *trial) acknowledged(ctx context.Context, a actors.Actuator, action actors.Action) error {
	var results map[string]*roostv1.Value
	err := t.call(ctx, t.Timeout, "Actuate", func(ctx context.Context) error {
		got, err := a.Actuate(ctx, action)
		results = got
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", describe(action), err)
	}
	for _, name := range slices.Sorted(maps.Keys(results)) {
		v := results[name]
		if _, err := roostv1.Convert(v, v.Type()); err != nil {
			return fmt.Errorf("%s: answer %s: %w", describe(action), name, err)
		}
	}
	return nil
}

// tooLate judges an action whose context had ended before: the device is another gateway's by then, and not a byte may go to it.
func (t *trial) tooLate(ctx context.Context, a actors.Actuator, action actors.Action) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	switch err := t.act(ended, a, action); {
	case err == nil:
		return fmt.Errorf("%s succeeded under a context that had ended", describe(action))
	case !errors.Is(err, actors.ErrNotSent):
		return fmt.Errorf("%s under a context that had ended: got %w, want ErrNotSent", describe(action), err)
	}
	return nil
}

func (t *trial) act(ctx context.Context, a actors.Actuator, action actors.Action) error {
	return t.call(ctx, t.Timeout, "Actuate", func(ctx context.Context) error {
		_, err := a.Actuate(ctx, action)
		return err
	})
}

// nonsense returns actions that no device can carry out.
func (t *trial) nonsense() []actors.Action {
	const no = "no-such-thing"
	return []actors.Action{
		{CommandID: "nonsense-1", Command: "set", Resource: no, Value: roostv1.Double(1)},
		{CommandID: "nonsense-2", Command: no},
		{CommandID: "nonsense-3"},
	}
}

func describe(a actors.Action) string {
	if a.Resource == "" {
		return fmt.Sprintf("command %q", a.Command)
	}
	return fmt.Sprintf("write of %s to %q", a.Value.Format(), a.Resource)
}

// orNone makes no error one that can be told.
func orNone(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}
