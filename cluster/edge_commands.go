package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/durable"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// localCommand is a command that this gateway took while the hub was away.
type localCommand struct {
	key     string
	durable *roostv1.LocalCommand  // as it is stored; nil: it is not yet
	last    *roostv1.CommandRecord // that was given to be stored
	waiting []func(error)          // for its acceptance to be stored
	merging bool                   // its record is on its way to the hub
	leaving bool                   // the hub has it, and its file is being removed
}

// readCommands reads the commands that are stored. The error says that the folder cannot be read.
func (e *Edge) readCommands() error {
	files, err := os.ReadDir(e.commandFolder())
	if err != nil {
		return err
	}
	for _, file := range files {
		path := filepath.Join(e.commandFolder(), file.Name())
		if durable.Unfinished(file.Name()) {
			_ = os.Remove(path) // it says nothing, and nobody was told of it
			continue
		}
		if strings.HasSuffix(file.Name(), damaged) {
			continue
		}
		if err := e.readCommand(path, file.Name()); err != nil {
			e.flaws = append(e.flaws, roostv1.Errorf(roostv1.ErrInvalid,
				"the stored command %s cannot be used, and is set aside as %s: %v", file.Name(), file.Name()+damaged, err))
			_ = os.Rename(path, path+damaged) // else it is told of again
		}
	}
	return nil
}

func (e *Edge) readCommand(path, key string) error {
	c := &roostv1.LocalCommand{}
	if err := readSealed(path, c); err != nil {
		return err
	}
	r := c.Record
	if err := checkCommandKey(key); err != nil {
		return err
	}
	if commandKey(r.GetDeviceId(), r.GetCommandId()) != key || r.GetCommand() == nil || r.GetLocalGateway() != e.gateway {
		return roostv1.Errorf(roostv1.ErrInvalid, "it is about another command, or another gateway's")
	}
	e.commands[key] = &localCommand{key: key, durable: c, last: r}
	e.order = max(e.order, r.Order)
	return nil
}

// accept has a command stored that is new, and calls done when it is, or when it is not. known is the record of a
// command that has its id already: it is not taken again, and done is called when that one is stored.
func (e *Edge) accept(r *roostv1.CommandRecord, done func(known *roostv1.CommandRecord, err error)) {
	key := commandKey(r.DeviceId, r.CommandId)
	e.mu.Lock()
	if c := e.commands[key]; c != nil {
		known, waits := c.last, c.durable == nil
		if waits {
			c.waiting = append(c.waiting, func(err error) { done(known, err) })
		}
		e.mu.Unlock()
		if !waits {
			done(known, nil)
		}
		return
	}
	e.order = max(e.order, e.revision.Load(), r.Order) + 1
	r.Order = e.order
	c := &localCommand{key: key, last: r, waiting: []func(error){func(err error) { done(nil, err) }}}
	e.commands[key] = c
	job := &localJob{command: c, write: &roostv1.LocalCommand{Record: r}, bus: r.Bus, epoch: r.Epoch, once: true, done: func(err error) { e.accepted(c, err) }}
	e.mu.Unlock()
	e.give(job)
}

// accepted tells who waits what became of an acceptance.
func (e *Edge) accepted(c *localCommand, err error) {
	e.mu.Lock()
	waiting := c.waiting
	c.waiting = nil
	if err != nil && e.commands[c.key] == c {
		delete(e.commands, c.key)
	}
	e.mu.Unlock()
	for _, done := range waiting {
		done(err)
	}
}

// record stores the record of a command that this gateway took; see Journal.Record. It must go on where the last one
// ended: whoever was handed the command as it stood before does not carry it out once more.
func (e *Edge) record(bus string, epoch uint64, r *roostv1.CommandRecord, done func(error)) {
	key := commandKey(r.GetDeviceId(), r.GetCommandId())
	e.mu.Lock()
	c := e.commands[key]
	if c == nil || c.leaving || !goesOn(c.last, r) {
		e.mu.Unlock()
		go done(roostv1.Errorf(roostv1.ErrNotOwner, "command %s has gone on since, or the hub has it by now", r.GetCommandId()))
		return
	}
	if r.Nonce == "" {
		r = proto.CloneOf(r)
		r.Nonce = newNonce()
	}
	c.last = r
	e.mu.Unlock()
	e.give(&localJob{command: c, write: &roostv1.LocalCommand{Record: r}, bus: bus, epoch: epoch, done: done})
}

// goesOn reports whether a record is a later one of the same story.
func goesOn(last, r *roostv1.CommandRecord) bool {
	if len(r.GetTransitions()) < len(last.Transitions) {
		return false
	}
	for i, t := range last.Transitions {
		if next := r.Transitions[i]; next.State != t.State || next.Epoch != t.Epoch || next.Attempt != t.Attempt {
			return false
		}
	}
	return true
}

// sameStory reports whether r goes on where last ended, and its steps were as far apart: that is so by any clock, and of no
// other command that a gateway took.
func sameStory(last, r *roostv1.CommandRecord) bool {
	if last.LocalGateway != r.LocalGateway || len(last.Transitions) == 0 || !goesOn(last, r) {
		return false
	}
	for i, t := range last.Transitions {
		was, is := t.At.AsTime().Sub(last.GetAcceptedAt().AsTime()), r.Transitions[i].At.AsTime().Sub(r.GetAcceptedAt().AsTime())
		if was != is {
			return false
		}
	}
	return true
}

// find returns the last record of a command that this gateway took, and whether it is stored; nil if it took none of
// that id.
func (e *Edge) find(key string) *roostv1.CommandRecord {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.commands[key]; c != nil {
		return c.last
	}
	return nil
}

// open returns the commands of a device that are stored and have not ended, in their order.
func (e *Edge) open(device string) []*roostv1.LocalCommand {
	return e.those(func(c *localCommand) bool { return c.last.DeviceId == device && !c.last.State.Final() })
}

// over returns the commands that have ended, and whose end is stored.
func (e *Edge) over() []*roostv1.LocalCommand {
	return e.those(func(c *localCommand) bool { return c.durable.Record.State.Final() && !c.merging && !c.leaving })
}

// those returns the commands that are stored and meant, in their order.
func (e *Edge) those(meant func(*localCommand) bool) []*roostv1.LocalCommand {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []*roostv1.LocalCommand
	for _, c := range e.commands {
		if c.durable != nil && meant(c) {
			all = append(all, c.durable)
		}
	}
	slices.SortFunc(all, func(a, b *roostv1.LocalCommand) int { return byOrderOf(a.Record, b.Record) })
	return all
}

// count returns how many commands of a device have not ended.
func (e *Edge) count(device string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, c := range e.commands {
		if c.last.DeviceId == device && !c.last.State.Final() {
			n++
		}
	}
	return n
}

// busy reports whether commands for devices of a bus have not ended.
func (e *Edge) busy(bus string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.commands {
		if c.last.Bus == bus && !c.last.State.Final() {
			return true
		}
	}
	return false
}

// errEdgeEnded ends what was to be stored when the gateway stops.
var errEdgeEnded = errors.New("the gateway stops")

// setMerging notes that the record of a command is on its way to the hub, or is not; false if it was so already. What comes
// to be known meanwhile keeps its file; see remove.
func (e *Edge) setMerging(of *roostv1.LocalCommand, yes bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.commands[commandKey(of.Record.DeviceId, of.Record.CommandId)]
	if c == nil || c.merging == yes {
		return false
	}
	c.merging = yes
	return true
}

// remove forgets a command that the hub has, and calls done when its file is gone for good. One of which more is known by
// now than the hub was told stays, and is to be merged again.
func (e *Edge) remove(of *roostv1.LocalCommand, done func(error)) {
	e.mu.Lock()
	c := e.commands[commandKey(of.Record.DeviceId, of.Record.CommandId)]
	if c != nil {
		c.merging = false
		c.leaving = c.last == of.Record
	}
	e.mu.Unlock()
	switch {
	case c == nil:
		done(nil)
	case c.leaving:
		e.give(&localJob{command: c, done: done})
	}
}
