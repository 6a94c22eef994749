package mqttd_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// dosing is a device with a command without steps.
func dosing(at, address string) actors.Device {
	d := device("d", at, "command.dose.topic={name}/dose command.dose.payload=DOSE:{ml} "+address)
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "dose", Arguments: []*roostv1.Argument{{Name: "ml", Type: isDouble}}}}
	return d
}

type outcome struct {
	results map[string]*roostv1.Value
	err     error
}

func (v *served) dose(within time.Duration) <-chan outcome {
	ended := make(chan outcome, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		results, err := v.Session.(actors.Actuator).Actuate(ctx, actors.Action{
			CommandID: "c", Command: "dose", Arguments: map[string]*roostv1.Value{"ml": roostv1.Double(2.5)},
		})
		ended <- outcome{results, err}
	}()
	return ended
}

// asked starts the command, and returns what the device got and how it ends.
func asked(r *raw, v *served, within time.Duration) (packets.Packet, <-chan outcome) {
	ended := v.dose(within)
	pk := r.expect(packets.Publish)
	return pk, ended
}

// TestLateAnswerIsNotTheNextCommands: what the device says to a command that has timed out is neither success nor refusal of the next one, not
// even in the next session.
func TestLateAnswerIsNotTheNextCommands(t *testing.T) {
	for _, answer := range []string{"DONE", "EMPTY"} {
		at, driver := freeAddress(t), newDriver()
		d := dosing(at, "command.dose.response=answers command.dose.refused=EMPTY")
		v, r := dialIn(t, driver, d, newStore(), greeting{id: "d"})
		r.subscribe("d/dose", 0)
		_, ended := asked(r, v, 100*time.Millisecond)
		if got := <-ended; !unknown(got.err) {
			t.Errorf("not answered: %v, %v", got.results, got.err)
		}
		if err := v.Session.Close(t.Context()); err != nil {
			t.Error(err)
		}
		v, r = dialIn(t, driver, d, newStore(), greeting{id: "d"})
		r.subscribe("d/dose", 0)
		_, ended = asked(r, v, patience)
		r.publish("answers", answer, 0, 0)
		if got := <-ended; !unknown(got.err) {
			t.Errorf("answered %s late: %v, %v; want an unknown outcome", answer, got.results, got.err)
		}
		r.publish("answers", answer, 1, 1)
		r.expect(packets.Puback)
		_, ended = asked(r, v, patience)
		r.publish("answers", "DONE", 0, 0)
		if got := <-ended; got.err != nil || got.results["response"].GetString_() != "DONE" {
			t.Errorf("after all that was owed had come: %v, %v", got.results, got.err)
		}
	}
}

// TestAnswersThatNameTheirCommand: a device of MQTT 5 may repeat what its command is known by. Then nothing is in doubt.
func TestAnswersThatNameTheirCommand(t *testing.T) {
	at := freeAddress(t)
	d := dosing(at, "command.dose.response=answers command.dose.refused=EMPTY")
	v, r := dialIn(t, newDriver(), d, newStore(), greeting{id: "d", version: 5})
	r.subscribe("d/dose", 0)
	answer := func(to packets.Packet, text string) {
		t.Helper()
		if to.Properties.ResponseTopic != "answers" || len(to.Properties.CorrelationData) == 0 {
			t.Errorf("the device is to answer at %q with %q", to.Properties.ResponseTopic, to.Properties.CorrelationData)
		}
		pk := publication("answers", text, 0, 0)
		pk.Mods.AllowResponseInfo = true
		pk.Properties.CorrelationData = to.Properties.CorrelationData
		r.send(pk)
	}
	first, ended := asked(r, v, 100*time.Millisecond)
	<-ended
	second, ended := asked(r, v, patience)
	answer(first, "EMPTY")
	answer(second, "DONE")
	if got := <-ended; got.err != nil || got.results["response"].GetString_() != "DONE" {
		t.Errorf("with the late answer to another: %v, %v", got.results, got.err)
	}
	_, ended = asked(r, v, 100*time.Millisecond)
	<-ended
	last, ended := asked(r, v, patience)
	answer(last, "EMPTY")
	if got := <-ended; !errors.Is(got.err, actors.ErrRefused) {
		t.Errorf("while another's answer is owed: %v, %v; want ErrRefused", got.results, got.err)
	}
}
