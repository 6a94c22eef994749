package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// short is how long something is waited for that must not come.
const short = 150 * time.Millisecond

// TestAcknowledgedWhenStored: no message is, before its reading can be forgotten.
func TestAcknowledgedWhenStored(t *testing.T) {
	f := startFake(t, nil)
	s := open(t, newDriver(), lamp("d1", f.at()))
	c := f.conn(t)
	stored := make(chan error)
	to := newSink()
	to.deliver = func(ctx context.Context, _ []actors.Sample) error {
		select {
		case err := <-stored:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	push(t, s, to)
	c.publish("lamps/d1/on", 1, 7, "true")
	if p, ok := next[*packets.PubackPacket](c, short); ok {
		t.Fatalf("message %d was acknowledged before it was stored", p.MessageID)
	}
	stored <- roostv1.ErrBusy // it is tried again
	if p, ok := next[*packets.PubackPacket](c, short); ok {
		t.Fatalf("message %d was acknowledged though it could not be stored", p.MessageID)
	}
	stored <- nil
	if p, ok := next[*packets.PubackPacket](c, patience); !ok || p.MessageID != 7 {
		t.Errorf("acknowledged: %v, %v; want message 7", p, ok)
	}
	c.publish("lamps/d1/on", 2, 8, "true")
	stored <- nil
	if p, ok := next[*packets.PubrecPacket](c, patience); !ok || p.MessageID != 8 {
		t.Errorf("received: %v, %v; want message 8", p, ok)
	}
	c.publish("other", 1, 9, "nobody wants it")
	if p, ok := next[*packets.PubackPacket](c, patience); !ok || p.MessageID != 9 {
		t.Errorf("acknowledged: %v, %v; want message 9", p, ok)
	}
}

// silentAbout is a broker that does not acknowledge messages.
func silentAbout(c *fakeConn, p packets.ControlPacket) bool {
	_, is := p.(*packets.PublishPacket)
	if is {
		c.got <- p
	}
	return is
}

// TestNeverAgain: a command whose acknowledgement does not come is unknown, and is not sent again, not even over a new connection.
func TestNeverAgain(t *testing.T) {
	f := startFake(t, silentAbout)
	driver := newDriver()
	s := open(t, driver, lamp("d1", f.at()))
	c := f.conn(t)
	p := push(t, s, newSink())
	ended := make(chan error, 1)
	go func() {
		_, err := act(t, s, actors.Action{Resource: "on", Value: roostv1.Bool(true)}, patience)
		ended <- err
	}()
	if _, ok := next[*packets.PublishPacket](c, patience); !ok {
		t.Fatal("the command did not come")
	}
	_ = c.Close()
	if err := <-ended; err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused) {
		t.Errorf("the connection was lost: %v, want an outcome that is not known", err)
	}
	p.wantEnd(t, roostv1.ErrOffline)
	open(t, driver, lamp("d1", f.at()))
	if again, ok := next[*packets.PublishPacket](f.conn(t), short); ok {
		t.Errorf("the command was sent again: %s", again.Payload)
	}
}

// TestNotWanted: what waits behind other packets, and whose time ends, is not sent later.
func TestNotWanted(t *testing.T) {
	reading := make(chan struct{})
	f := startFake(t, func(c *fakeConn, p packets.ControlPacket) bool {
		if _, is := p.(*packets.SubscribePacket); is {
			c.asBroker(p)
			<-reading // and takes nothing any more
			return true
		}
		return false
	})
	driver := newDriver()
	s := open(t, driver, device("d1", f.at(), writable("text", isText, "topic=in write_topic=out")))
	c := f.conn(t)
	var many []*roostv1.Resource // that fill what the kernel holds
	for i := range 300 {
		many = append(many, readable(fmt.Sprintf("r%d", i), isText, fmt.Sprintf("topic=%d/%s", i, strings.Repeat("x", 60000))))
	}
	opened := make(chan error, 1)
	go func() { opened <- opens(t, driver, device("d2", f.at(), many...), patience) }()

	withdrawn := make(map[string]bool)
	write := func(text string, within time.Duration) error {
		_, err := act(t, s, actors.Action{Resource: "text", Value: roostv1.Text(text)}, within)
		return err
	}
	for i, row := 0, 0; row < 3; i++ { // until the kernel takes no more; the first of a row is the library's then
		text := fmt.Sprintf("message %d", i)
		row++
		if withdrawn[text] = errors.Is(write(text, 50*time.Millisecond), actors.ErrNotSent); !withdrawn[text] {
			row = 0
		}
	}
	close(reading)
	if err := <-opened; err != nil {
		t.Error(err)
	}
	if err := write("last", patience); err != nil {
		t.Error(err)
	}
	for {
		p, ok := next[*packets.PublishPacket](c, patience)
		switch {
		case !ok:
			t.Fatal("the last message did not come")
		case string(p.Payload) == "last":
			return
		case withdrawn[string(p.Payload)]:
			t.Fatalf("%q came, which was told as not sent", p.Payload)
		}
	}
}

// TestLeftBehind: what a session leaves behind is acknowledged, so that the broker goes on, and the next session declares it.
func TestLeftBehind(t *testing.T) {
	f := startFake(t, nil)
	driver := newDriver()
	beside := push(t, open(t, driver, lamp("d2", f.at())), newSink()) // keeps the connection
	s := open(t, driver, lamp("d1", f.at()))
	c := f.conn(t)
	to, asked := newSink(), make(chan struct{}, 1)
	to.deliver = func(ctx context.Context, _ []actors.Sample) error {
		asked <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	p := push(t, s, to)
	c.publish("lamps/d1/on", 1, 1, "true")
	<-asked
	c.publish("lamps/d1/on", 1, 2, "true")
	c.publish("lamps/d1/on", 0, 0, "true")
	c.publish("lamps/d2/on", 0, 0, "true")
	beside.sink.wait(t, 1) // the others have come
	p.stop()
	<-p.ended
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, ok := next[*packets.PubackPacket](c, patience); !ok {
			t.Fatal("the broker waits for an acknowledgement")
		}
	}
	to = newSink()
	push(t, open(t, driver, lamp("d1", f.at())), to)
	c.publish("lamps/d1/on", 1, 4, "false")
	to.wait(t, 1)
	if lost := to.losses(); lost < 1 || lost > 3 {
		t.Errorf("%d readings were declared lost, want up to 3", lost)
	}
}

// TestFlood: of QoS 0 what does not fit is dropped, and declared.
func TestFlood(t *testing.T) {
	const messages = 3000
	f := startFake(t, nil)
	s := open(t, newDriver(), lamp("d1", f.at()))
	c := f.conn(t)
	to, release := newSink(), make(chan struct{})
	to.deliver = func(context.Context, []actors.Sample) error { <-release; return nil }
	push(t, s, to)
	c.publish("lamps/d1/on", 1, 1, "true")
	for range messages {
		c.publish("lamps/d1/on", 0, 0, "true")
	}
	c.publish("other", 1, 2, "") // acknowledged at once: all has come
	if _, ok := next[*packets.PubackPacket](c, patience); !ok {
		t.Fatal("the flood holds up what comes after")
	}
	close(release)
	to.wait(t, 1000)
	c.publish("lamps/d1/on", 1, 3, "false")
	if _, ok := next[*packets.PubackPacket](c, patience); !ok {
		t.Fatal("nothing is stored after the flood")
	}
	if p, ok := next[*packets.PubackPacket](c, patience); !ok || p.MessageID != 3 {
		t.Fatal("nothing is stored after the flood")
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if got := len(to.samples) + to.lost; got != messages+2 || to.lost == 0 {
		t.Errorf("%d samples and %d lost, want %d together", len(to.samples), to.lost, messages+2)
	}
}
