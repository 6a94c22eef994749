package mqttd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// writing writes ON to the valve, and returns how that ends.
func (v *served) writing(within time.Duration) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- v.write("valve", roostv1.Bool(true), within) }()
	return ended
}

func TestWriteIsAcknowledgedByTheDevice(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	if code := r.subscribe("d/valve/+", 2); code != 2 {
		t.Fatalf("subscription answered with %#02x", code)
	}
	ended := v.writing(patience)
	pk := r.expect(packets.Publish)
	if pk.TopicName != "d/valve/set" || string(pk.Payload) != "ON" || pk.FixedHeader.Qos != 1 || pk.FixedHeader.Dup || pk.FixedHeader.Retain {
		t.Errorf("the device got %+v", pk)
	}
	select {
	case err := <-ended:
		t.Fatalf("the write ended with %v before the device had acknowledged it", err)
	case <-time.After(50 * time.Millisecond):
	}
	r.puback(pk.PacketID, 0)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestWriteIsNeverSentAgain: not when the device does not acknowledge it, nor when it dials in anew and wants its session back.
func TestWriteIsNeverSentAgain(t *testing.T) {
	at := freeAddress(t)
	g := greeting{id: "d", keep: true}
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), g)
	r.subscribe("d/valve/set", 1)
	if err := v.write("valve", roostv1.Bool(true), 50*time.Millisecond); !unknown(err) {
		t.Errorf("a write that was not acknowledged: %v; want an unknown outcome", err)
	}
	r.expect(packets.Publish)
	lost := v.writing(patience)
	r.expect(packets.Publish)
	_ = r.conn.Close()
	if err := <-lost; !unknown(err) {
		t.Errorf("a write whose connection ended: %v; want an unknown outcome", err)
	}
	for _, end := range []string{"lost", "taken over"} {
		again := letIn(t, at, g)
		again.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pingreq}})
		if pk, err := again.read(); err != nil || pk.FixedHeader.Type != packets.Pingresp {
			t.Errorf("after its connection was %s the device got %+v, %v; want nothing but the answer to a ping", end, pk, err)
		}
	}
	last := letIn(t, at, g)
	ended := v.writing(patience) // its subscription is as old as its session
	pk := last.expect(packets.Publish)
	last.puback(pk.PacketID, 0)
	if err := <-ended; err != nil {
		t.Errorf("a write after all this: %v", err)
	}
}

func TestCertainlyNotSent(t *testing.T) {
	at := freeAddress(t)
	v := open(t, newDriver(), device("d", at, "sleepy=true"), newStore(), nil)
	notSent := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, actors.ErrNotSent) {
			t.Errorf("%s: %v; want ErrNotSent", what, err)
		}
	}
	notSent("away", v.write("valve", roostv1.Bool(true), patience))
	r := letIn(t, at, greeting{id: "d"})
	notSent("not subscribed", v.write("valve", roostv1.Bool(true), 100*time.Millisecond))
	r.subscribe("d/valve/set", 1)
	notSent("no such resource", v.write("temperature", roostv1.Double(1), patience))
	notSent("no such value", v.write("valve", roostv1.Double(1), patience))
	notSent("too late", v.write("valve", roostv1.Bool(true), -1))
	if pk, err := r.readWithin(50 * time.Millisecond); err == nil {
		t.Errorf("the device got %+v", pk)
	}
}

func TestSubscribedMeanwhile(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	ended := v.writing(patience)
	r.send(subscription("d/#", 1))
	for range 2 { // MQTT has no order for them
		switch pk, err := r.read(); {
		case err == nil && pk.FixedHeader.Type == packets.Publish:
			r.puback(pk.PacketID, 0)
		case err != nil || pk.FixedHeader.Type != packets.Suback:
			t.Fatalf("the gateway sent %+v, %v", pk, err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestSubscribedAtQoS0: nobody acknowledges such a message, and so nobody may be told that it came.
func TestSubscribedAtQoS0(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	r.subscribe("d/#", 0)
	if err := v.write("valve", roostv1.Bool(true), patience); !unknown(err) || !strings.Contains(err.Error(), "QoS 0") {
		t.Errorf("got %v; want an unknown outcome, because of QoS 0", err)
	}
	if pk := r.expect(packets.Publish); pk.FixedHeader.Qos != 0 {
		t.Errorf("it was sent at QoS %d", pk.FixedHeader.Qos)
	}
}

func TestDeviceRefuses(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d", version: 5})
	r.subscribe("d/#", 1)
	ended := v.writing(patience)
	r.puback(r.expect(packets.Publish).PacketID, packets.ErrPayloadFormatInvalid.Code)
	if err := <-ended; !errors.Is(err, actors.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
}

// TestDeviceThatAcknowledgesNothing gets no more after a while.
func TestDeviceThatAcknowledgesNothing(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	r.subscribe("d/#", 1)
	sent := 0
	for over := time.Now().Add(patience); sent <= 16; { // some may not be sent in time
		err := v.write("valve", roostv1.Bool(true), 5*time.Millisecond)
		if errors.Is(err, actors.ErrNotSent) && strings.Contains(err.Error(), "has not acknowledged the last") {
			return
		}
		if unknown(err) {
			sent++
		}
		if time.Now().After(over) {
			break
		}
	}
	t.Errorf("%d messages were sent to a device that acknowledges none, and it gets more", sent)
}

// TestDeviceThatTakesNothing hangs, until what it is sent does not fit between the two any more.
func TestDeviceThatTakesNothing(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	r.subscribe("d/#", 0)
	text := roostv1.Text(strings.Repeat("x", roostv1.MaxValue))
	start := time.Now()
	for i := 0; ; i++ {
		begun := time.Now()
		err := v.write("note", text, 300*time.Millisecond)
		if took := time.Since(begun); took > time.Second {
			t.Fatalf("a write with 300ms took %v", took)
		}
		if errors.Is(err, actors.ErrNotSent) {
			break // it was cut off, and is away
		}
		if !unknown(err) || time.Since(start) > patience {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	t.Logf("cut off after %v", time.Since(start))
}

func TestCommands(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), dosing(at, ""), newStore(), greeting{id: "d"})
	r.subscribe("d/dose", 1)
	ended := v.dose(patience)
	pk := r.expect(packets.Publish)
	if pk.TopicName != "d/dose" || string(pk.Payload) != "DOSE:2.5" {
		t.Errorf("the device got %s %s", pk.TopicName, pk.Payload)
	}
	r.puback(pk.PacketID, 0)
	if got := <-ended; got.err != nil {
		t.Error(got.err)
	}
}

// TestAnswers: a device that answers need not acknowledge; what it said before it was asked is no answer.
func TestAnswers(t *testing.T) {
	for qos := range byte(2) {
		at, s := freeAddress(t), newStore()
		d := dosing(at, "command.dose.response=answers command.dose.refused=EMPTY")
		v, r := dialIn(t, newDriver(), d, s, greeting{id: "d"})
		r.subscribe("d/dose", qos)
		ask := func(within time.Duration, answer string) outcome {
			r.publish("answers", "of before", 1, 1)
			r.expect(packets.Puback)
			ended := v.dose(within)
			if pk := r.expect(packets.Publish); qos == 1 {
				r.puback(pk.PacketID, 0)
			}
			if answer != "" {
				r.publish("answers", answer, 0, 0)
			}
			return <-ended
		}
		if got := ask(patience, "DONE"); got.err != nil || got.results["response"].GetString_() != "DONE" {
			t.Errorf("QoS %d: answered DONE: %v, %v", qos, got.results, got.err)
		}
		if got := ask(patience, "EMPTY\n"); !errors.Is(got.err, actors.ErrRefused) {
			t.Errorf("QoS %d: answered no: %v, want ErrRefused", qos, got.err)
		}
		if got := ask(100*time.Millisecond, ""); !unknown(got.err) {
			t.Errorf("QoS %d: not answered: %v, want an unknown outcome", qos, got.err)
		}
	}
}
