package main_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sendAll sends commands, and returns their last records by id when each
// has ended.
func (f *fleet) sendAll(commands int, some func(i int) *roostv1.Command) map[string]*roostv1.CommandRecord {
	f.tb.Helper()
	var mu sync.Mutex
	sent := map[string]*roostv1.CommandRecord{}
	var senders sync.WaitGroup
	const many = 8
	for s := range many {
		senders.Go(func() {
			for i := s; i < commands; i += many {
				record := f.sendSurely(some(i))
				mu.Lock()
				sent[record.GetCommandId()] = record
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	for id, record := range sent {
		sent[id] = f.ended(record)
	}
	return sent
}

// someCommand is one that must not be repeated, or every fourth time one that may be.
func (f *fleet) someCommand(i int) *roostv1.Command {
	c := &roostv1.Command{
		Id: fmt.Sprintf("c-%d", i), DeviceId: f.devices[i%len(f.devices)].Id, Name: "dose",
		Arguments: map[string]*roostv1.Value{"ml": roostv1.Double(1)}, QueueWhileAway: true,
		ExpiresIn: durationpb.New(20 * time.Second),
	}
	if i%4 == 3 {
		c.Name, c.Arguments = "set", map[string]*roostv1.Value{"setpoint": roostv1.Double(float64(i % 100))}
	}
	return c
}

// sendSurely sends a command until it is accepted: the same id is the same command.
func (f *fleet) sendSurely(c *roostv1.Command) *roostv1.CommandRecord {
	f.tb.Helper()
	late := time.Now().Add(longest)
	for {
		record, err := f.client.Send(context.Background(), c, 300*time.Millisecond)
		if err == nil {
			return record
		}
		if time.Now().After(late) {
			f.tb.Errorf("command %s was not accepted: %v", c.Id, err)
			return &roostv1.CommandRecord{CommandId: c.Id, DeviceId: c.DeviceId, Command: c}
		}
	}
}

// ended returns the final record of a command.
func (f *fleet) ended(record *roostv1.CommandRecord) *roostv1.CommandRecord {
	f.tb.Helper()
	late := time.Now().Add(2 * longest)
	for !record.GetState().Final() {
		now, err := f.client.Command(context.Background(), record.DeviceId, record.CommandId, 5*time.Second)
		if err == nil {
			record = now
		}
		if time.Now().After(late) {
			f.tb.Errorf("command %s has not ended, it is %v: %v", record.CommandId, record, err)
			return record
		}
	}
	return record
}

// judgeCommands holds what the senders were told against what the hardware did.
func (f *fleet) judgeCommands(sent map[string]*roostv1.CommandRecord) {
	f.tb.Helper()
	f.judgeDeeds(sent)
	f.oneDriver()
	f.inHistory(sent)
}

// judgeDeeds holds the ends of commands against what the hardware did.
func (f *fleet) judgeDeeds(sent map[string]*roostv1.CommandRecord) {
	f.tb.Helper()
	records := f.records()
	for deed, done := range sim.Repeats(records) {
		f.tb.Errorf("command %s was done %d times: its record is %v", deed.Command, len(done), sent[deed.Command])
	}
	done := map[string]bool{}
	for deed := range sim.Deeds(records) {
		done[deed.Command] = true
	}
	for id, record := range sent {
		switch {
		case record.State.Unsent() && done[id]:
			f.tb.Errorf("command %s ended %s, and was done: %v", id, record.State.Word(), record)
		case record.Effect == roostv1.Effect_EFFECT_NONE && done[id]:
			f.tb.Errorf("command %s had no effect by its record, and was done: %v", id, record)
		case record.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED && !done[id]:
			f.tb.Errorf("command %s succeeded, and was not done: %v", id, record)
		case record.Command.GetName() == "set" && record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED &&
			record.State != roostv1.CommandState_COMMAND_STATE_EXPIRED:
			f.tb.Errorf("command %s may be repeated, and ended %s: %v", id, record.State.Word(), record)
		}
	}
}

// inHistory checks that the history has the end of each command, once.
func (f *fleet) inHistory(sent map[string]*roostv1.CommandRecord) {
	f.tb.Helper()
	f.until("the history has all ends", func() bool {
		ends := map[string]int{}
		for record, err := range f.client.Commands(context.Background(), cluster.CommandQuery{}) {
			if err != nil {
				return false
			}
			if want := sent[record.CommandId]; want != nil && record.State == want.State {
				ends[record.CommandId]++
			}
		}
		for id := range sent {
			if ends[id] != 1 {
				return false
			}
		}
		return true
	})
}
