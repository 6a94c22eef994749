package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// unreadable tells of a record that is none: the others can be told all the same.
func (c *commandsCommand) unreadable(err error) {
	fmt.Fprintln(c.Err, "roost: "+console.Clean(err.Error()))
}

type commandKey struct{ device, id string }

func keyOf(r *roostv1.CommandRecord) commandKey { return commandKey{r.GetDeviceId(), r.GetCommandId()} }

// tail writes each change as it comes, until ctx ends or there were as many as wanted.
func (c *commandsCommand) tail(ctx context.Context, changes iter.Seq2[*roostv1.CommandRecord, error]) error {
	told, left := newTold(), c.limit // 0: without end
	for record, err := range changes {
		switch {
		case err != nil && ctx.Err() != nil:
			return nil // Ctrl-C is how following ends
		case errors.Is(err, roostv1.ErrInvalid):
			c.unreadable(err)
			continue
		case err != nil:
			return fmt.Errorf("follow commands: %w", err)
		}
		lines, err := c.lines(told, record)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if _, err := fmt.Fprintln(c.Out, line); err != nil {
				return err
			}
			if left--; left == 0 {
				return nil
			}
		}
	}
	return nil
}

// lines are what there is to tell of a change.
func (c *commandsCommand) lines(told *told, record *roostv1.CommandRecord) ([]string, error) {
	if c.json {
		line, err := roostv1.Marshal(record, true)
		return []string{string(line)}, err
	}
	screen, layout := c.screen(), console.Timestamp
	if screen.Terminal {
		layout = "15:04:05.000"
	}
	transitions, evidence := told.take(record)
	return console.Steps(screen, record, transitions, evidence, layout), nil
}

// told remembers how much of each command was told already. Of commands that have ended it keeps a bounded
// number, the last ones.
type told struct {
	of    map[commandKey]counts
	ended []commandKey // the oldest first
}

type counts struct{ transitions, evidence int }

const maxTold = 4096

func newTold() *told { return &told{of: map[commandKey]counts{}} }

// take returns how much of a record was told before; all that it has counts as told after it.
func (t *told) take(r *roostv1.CommandRecord) (transitions, evidence int) {
	key := keyOf(r)
	before, known := t.of[key]
	t.of[key] = counts{len(r.Transitions), len(r.Evidence)}
	if r.State.Final() && (!known || before.transitions < len(r.Transitions)) {
		t.ended = append(t.ended, key)
		if len(t.ended) > maxTold {
			delete(t.of, t.ended[0])
			t.ended = t.ended[1:]
		}
	}
	return before.transitions, before.evidence
}
