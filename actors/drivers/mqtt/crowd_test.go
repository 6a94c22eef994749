package mqtt_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
)

// inBatch is how many messages may be acknowledged and not yet declared.
const inBatch = 128

// TestFloods: both floods are of devices of which 128 messages are stored each 100 ms.
func TestFloods(t *testing.T) {
	t.Parallel() // it waits
	var wg sync.WaitGroup
	wg.Go(func() { floodOfOne(t) })
	wg.Go(func() { floodOfAll(t) })
	wg.Wait()
}

// floodOfOne: a device that goes on sending more than is stored of it holds back the one beside it for 3s, and no longer. What finds no room
// then is acknowledged, and declared. Without that the one beside it waits until all is stored that was sent before: 11s here.
func floodOfOne(t *testing.T) {
	const messages = 16000
	sinks := []*sink{slow(100 * time.Millisecond), newSink()}
	c := lampsAt(t, sinks)
	began := time.Now()
	acknowledged := c.flood(messages+1, func(i int) int { return i / messages })
	sinks[1].wait(t, 1)
	took := time.Since(began)
	t.Logf("a flood of %d messages held back the device beside it for %v", messages, took.Round(time.Millisecond))
	if took > 7*time.Second {
		t.Errorf("a flood held back the device beside it for %v, want little more than 3s", took)
	}
	if n := <-acknowledged; n != messages+1 {
		t.Errorf("%d messages were acknowledged, want %d", n, messages+1)
	}
	if stored, lost := sinks[0].count(), sinks[0].losses(); stored+lost < messages-inBatch || lost == 0 {
		t.Errorf("%d samples and %d lost, want %d together", stored, lost, messages)
	}
}

// floodOfAll: where all have something to store nobody is harmed by those that are held back, and nothing is let go.
func floodOfAll(t *testing.T) {
	const messages = 14000
	sinks := []*sink{slow(100 * time.Millisecond), slow(100 * time.Millisecond)}
	if n := <-lampsAt(t, sinks).flood(messages, func(i int) int { return i % 2 }); n != messages {
		t.Errorf("%d messages were acknowledged, want %d", n, messages)
	}
	for i, to := range sinks {
		if stored, lost := to.count(), to.losses(); stored != messages/2 || lost != 0 {
			t.Errorf("of device %d %d readings were stored, and %d let go; want %d and none", i, stored, lost, messages/2)
		}
	}
}

// lampsAt opens lamps d0, d1 and so on at one connection, which it returns.
func lampsAt(t *testing.T, sinks []*sink) *fakeConn {
	f := startFake(t, nil)
	driver := new(mqtt.Driver)
	for i, to := range sinks {
		push(t, open(t, driver, lamp(fmt.Sprintf("d%d", i), f.at())), to)
	}
	return f.conn(t)
}

// flood publishes messages at QoS 1 as fast as the connection takes them, and counts the acknowledgements of all.
func (c *fakeConn) flood(n int, lamp func(i int) int) <-chan int {
	acknowledged := make(chan int, 1)
	go func() {
		count := 0
		for count < n {
			if _, ok := next[*packets.PubackPacket](c, patience); !ok {
				break
			}
			count++
		}
		acknowledged <- count
	}()
	for i := range n {
		c.publish(fmt.Sprintf("lamps/d%d/on", lamp(i)), 1, uint16(i%65535+1), "true")
	}
	return acknowledged
}

// slow is a sink that takes a time for each batch.
func slow(took time.Duration) *sink {
	to := newSink()
	to.deliver = func(context.Context, []actors.Sample) error { <-time.After(took); return nil }
	return to
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.samples)
}
