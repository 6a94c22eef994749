package mqtt_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
)

// TestSlowStore: a broker that waits for no acknowledgement is held back, and nothing is lost or comes out of order.
func TestSlowStore(t *testing.T) {
	const messages = 4000
	f := startFake(t, nil)
	to := newSink()
	to.deliver = func(_ context.Context, samples []actors.Sample) error {
		<-time.After(time.Duration(len(samples)) * 50 * time.Microsecond)
		return nil
	}
	push(t, open(t, newDriver(), device("d1", f.at(), readable("n", isInt, "topic=n"))), to)
	c := f.conn(t)
	for i := range messages {
		c.publish("n", 1, uint16(i+1), strconv.Itoa(i))
	}
	for i, got := range to.wait(t, messages) {
		if want := fmt.Sprintf("n %d", i); got != want {
			t.Fatalf("reading %d is %q, want %q", i, got, want)
		}
	}
	for i := range messages {
		if p, ok := next[*packets.PubackPacket](c, patience); !ok || p.MessageID != uint16(i+1) {
			t.Fatalf("acknowledged: %v, %v; want message %d", p, ok, i+1)
		}
	}
	if lost := to.losses(); lost != 0 {
		t.Errorf("%d readings were lost", lost)
	}
}

// TestManyAtOnce: more messages than have room come in one read, and the device is told of those that have before the others wait.
func TestManyAtOnce(t *testing.T) {
	const messages = 3000
	f := startFake(t, nil)
	to := newSink()
	push(t, open(t, newDriver(), device("d1", f.at(), readable("n", isInt, "topic=n"))), to)
	var all []byte
	for i := range messages {
		all = append(all, packets.Publish<<4|2, 6, 0, 1, 'n', byte((i+1)>>8), byte(i+1), '1')
	}
	f.conn(t).bytes(all...)
	if got := to.wait(t, messages); len(got) != messages || to.losses() != 0 {
		t.Errorf("%d readings are stored and %d lost, want %d and none", len(got), to.losses(), messages)
	}
}

// TestHeldBack: a device that is not stored at all holds back those beside it for a while, and the broker is not taken for dead
// meanwhile. Then what it sends is dropped, and declared.
func TestHeldBack(t *testing.T) {
	t.Parallel() // it waits
	const messages = 2300
	f := startFake(t, nil)
	driver := newDriver()
	to, release := newSink(), make(chan struct{})
	to.deliver = func(context.Context, []actors.Sample) error { <-release; return nil }
	stuck := push(t, open(t, driver, lamp("d1", f.at())), to)
	beside := push(t, open(t, driver, lamp("d2", f.at())), newSink())
	c := f.conn(t)
	began := time.Now()
	for i := range messages {
		c.publish("lamps/d1/on", 1, uint16(i+1), "true")
	}
	c.publish("lamps/d2/on", 1, messages+1, "true")
	beside.sink.wait(t, 1)
	t.Logf("a device that cannot be stored held back the one beside it for %v", time.Since(began).Round(time.Millisecond))
	select {
	case err := <-stuck.ended:
		t.Fatalf("push ended: %v", err)
	default:
	}
	close(release)
	for range messages + 1 {
		if _, ok := next[*packets.PubackPacket](c, patience); !ok {
			t.Fatal("the broker waits for an acknowledgement")
		}
	}
	c.publish("lamps/d1/on", 1, 1, "false")
	if _, ok := next[*packets.PubackPacket](c, patience); !ok {
		t.Fatal("nothing is stored any more")
	}
	c.publish("lamps/d1/on", 1, 2, "false")
	if _, ok := next[*packets.PubackPacket](c, patience); !ok {
		t.Fatal("nothing is stored any more")
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if got := len(to.samples) + to.lost; got != messages+2 || to.lost == 0 {
		t.Errorf("%d samples and %d lost, want %d together", len(to.samples), to.lost, messages+2)
	}
}
