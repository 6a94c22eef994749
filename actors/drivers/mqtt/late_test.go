package mqtt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// mover is a device with two commands that it answers at one topic.
func mover(id, at string) actors.Device {
	d := with(lamp(id, at), "command.move.topic=move command.stop.topic=stop command.move.response=said command.stop.response=said command.stop.refused=no")
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "move"}, {Name: "stop"}}
	return d
}

type outcome struct {
	results map[string]*roostv1.Value
	err     error
}

// told starts a command, and returns how it ends, when the broker has it.
func told(t *testing.T, c *fakeConn, s actors.Session, name string, within time.Duration) <-chan outcome {
	t.Helper()
	ended := make(chan outcome, 1)
	go func() {
		results, err := act(t, s, actors.Action{Command: name}, within)
		ended <- outcome{results, err}
	}()
	if p, ok := next[*packets.PublishPacket](c, patience); !ok || p.TopicName != name {
		t.Fatalf("the broker got %v, want the command %s", p, name)
	}
	return ended
}

func wantUnknown(t *testing.T, what string, got outcome) {
	t.Helper()
	if got.err == nil || errors.Is(got.err, actors.ErrNotSent) || errors.Is(got.err, actors.ErrRefused) {
		t.Errorf("%s: %v, %v; want an outcome that is not known", what, got.results, got.err)
	}
}

// TestLateAnswerIsNotTheNextCommands: what the device says to a command that has timed out is neither success nor refusal of the next one, not
// even in the next session.
func TestLateAnswerIsNotTheNextCommands(t *testing.T) {
	for _, answer := range []string{"done", "no"} {
		f := startFake(t, nil)
		driver := newDriver()
		open(t, driver, lamp("d2", f.at())) // keeps the connection
		s := open(t, driver, mover("d1", f.at()))
		c := f.conn(t)
		wantUnknown(t, "not answered", <-told(t, c, s, "move", short))
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		s = open(t, driver, mover("d1", f.at()))
		ended := told(t, c, s, "stop", patience)
		c.publish("said", 0, 0, answer)
		wantUnknown(t, "answered late", <-ended)
		c.publish("said", 0, 0, answer)
		c.publish("other", 1, 1, "")
		if _, ok := next[*packets.PubackPacket](c, patience); !ok {
			t.Fatal("nothing is acknowledged")
		}
		ended = told(t, c, s, "move", patience)
		c.publish("said", 0, 0, answer)
		if got := <-ended; got.err != nil || got.results["response"].GetString_() != answer {
			t.Errorf("after all that was owed had come: %v, %v", got.results, got.err)
		}
	}
}

// TestOneTopicForTheAnswersOfTwo devices: an answer is neither's while both wait.
func TestOneTopicForTheAnswersOfTwo(t *testing.T) {
	f := startFake(t, nil)
	driver := newDriver()
	one := open(t, driver, mover("d1", f.at()))
	two := open(t, driver, mover("d2", f.at()))
	c := f.conn(t)
	first := told(t, c, one, "move", patience)
	second := told(t, c, two, "stop", patience)
	c.publish("said", 0, 0, "no")
	wantUnknown(t, "the first", <-first)
	wantUnknown(t, "the second", <-second)
	c.publish("said", 0, 0, "done")
	c.publish("other", 1, 1, "")
	if _, ok := next[*packets.PubackPacket](c, patience); !ok {
		t.Fatal("nothing is acknowledged")
	}
	ended := told(t, c, one, "stop", patience)
	c.publish("said", 0, 0, "no")
	if got := <-ended; !errors.Is(got.err, actors.ErrRefused) {
		t.Errorf("with one that waits: %v, %v; want ErrRefused", got.results, got.err)
	}
}
