package mqtt_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// fake is a broker that says what the test wants, for what mosquitto does not do: what is no MQTT, silence, answers that do not come.
type fake struct {
	net.Listener
	conns  chan *fakeConn
	answer func(c *fakeConn, p packets.ControlPacket) bool // what it does; false: as a broker does
}

// startFake starts a broker that ends with the test.
func startFake(t testing.TB, answer func(*fakeConn, packets.ControlPacket) bool) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Listener: l, conns: make(chan *fakeConn, 64), answer: answer}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := &fakeConn{Conn: conn, got: make(chan packets.ControlPacket, 8192)}
			t.Cleanup(func() { _ = conn.Close() })
			f.conns <- c
			wg.Go(func() { f.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		for len(f.conns) > 0 {
			_ = (<-f.conns).Close()
		}
		wg.Wait()
	})
	return f
}

func (f *fake) at() string { return f.Addr().String() }

// conn returns the next connection.
func (f *fake) conn(t testing.TB) *fakeConn {
	t.Helper()
	select {
	case c := <-f.conns:
		return c
	case <-time.After(patience):
		t.Fatal("nobody connects")
		return nil
	}
}

// fakeConn is a connection of the gateway.
type fakeConn struct {
	net.Conn
	mu  sync.Mutex
	got chan packets.ControlPacket // what a broker does not answer by itself, and CONNECT
}

// send sends a packet.
func (c *fakeConn) send(p packets.ControlPacket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = p.Write(c.Conn)
}

// bytes sends anything.
func (c *fakeConn) bytes(b ...byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(b)
}

// publish sends a message to the gateway.
func (c *fakeConn) publish(topic string, qos byte, id uint16, payload string) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.MessageID, p.Payload = topic, qos, id, []byte(payload)
	c.send(p)
}

func (f *fake) serve(c *fakeConn) {
	defer close(c.got)
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		if f.answer == nil || !f.answer(c, p) {
			c.asBroker(p)
		}
	}
}

// asBroker does what is due.
func (c *fakeConn) asBroker(p packets.ControlPacket) {
	switch p := p.(type) {
	case *packets.ConnectPacket:
		c.got <- p
		c.send(packets.NewControlPacket(packets.Connack))
	case *packets.SubscribePacket:
		c.got <- p
		ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		ack.MessageID, ack.ReturnCodes = p.MessageID, p.Qoss
		c.send(ack)
	case *packets.UnsubscribePacket:
		c.got <- p
		ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
		ack.MessageID = p.MessageID
		c.send(ack)
	case *packets.PublishPacket:
		c.got <- p
		ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		ack.MessageID = p.MessageID
		c.send(ack)
	case *packets.PingreqPacket:
		c.send(packets.NewControlPacket(packets.Pingresp))
	default:
		c.got <- p
	}
}

// next returns the next packet of a kind that comes within a time; none if none does, or the connection ends.
func next[P packets.ControlPacket](c *fakeConn, within time.Duration) (found P, ok bool) {
	timeout := time.After(within)
	for {
		select {
		case p, more := <-c.got:
			if !more {
				return found, false
			}
			if found, ok = p.(P); ok {
				return found, true
			}
		case <-timeout:
			return found, false
		}
	}
}
