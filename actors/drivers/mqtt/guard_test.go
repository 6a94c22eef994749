package mqtt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestGarbage: what is no MQTT ends the connection, and harms nobody.
func TestGarbage(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"noise":                         []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"endless length":                {0x30, 0xff, 0xff, 0xff, 0xff, 0xff},
		"two verdicts on one filter":    {0x90, 4, 0, 1, 0, 0},
		"many verdicts":                 {0x90, 8, 0, 1, 0, 0, 1, 1, 1, 1},
		"no verdict":                    {0x90, 2, 0, 1},
		"a second greeting":             {0x20, 2, 0, 0},
		"a client's packet":             {0x82, 6, 0, 1, 0, 1, 'a', 0},
		"QoS 3":                         {0x36, 5, 0, 1, 'a', 0, 1},
		"no topic":                      {0x30, 2, 0, 0},
		"a topic longer than all":       {0x30, 3, 0, 9, 'a'},
		"a topic with a zero":           {0x30, 4, 0, 2, 'a', 0},
		"an acknowledgement of nothing": {0x40, 0},
		"flags":                         {0x4f, 2, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, nil)
			driver := newDriver()
			p := push(t, open(t, driver, lamp("d1", f.at())), newSink())
			f.conn(t).bytes(garbage...)
			err := p.wantEnd(t, roostv1.ErrOffline)
			if !strings.Contains(err.Error(), "no MQTT") {
				t.Errorf("push ended with %v", err)
			}
			open(t, driver, lamp("d1", f.at()))
		})
	}
}

// TestUnasked: acknowledgements of what nobody sent are nothing.
func TestUnasked(t *testing.T) {
	f := startFake(t, nil)
	to := newSink()
	push(t, open(t, newDriver(), lamp("d1", f.at())), to)
	c := f.conn(t)
	c.bytes(0x40, 2, 0, 9, 0x40, 2, 0, 1, 0x90, 3, 0, 9, 0, 0xb0, 2, 0, 9, 0x50, 2, 0, 9, 0x62, 2, 0, 9, 0x70, 2, 0, 9, 0xd0, 0)
	c.publish("lamps/d1/on", 0, 0, "true")
	to.wait(t, 1)
}

// TestGreetings: what may be answered to CONNECT, and what not.
func TestGreetings(t *testing.T) {
	for name, test := range map[string]struct {
		answer []byte
		want   error
	}{
		"another version": {[]byte{0x20, 2, 0, 1}, roostv1.ErrOffline},
		"unavailable":     {[]byte{0x20, 2, 0, 3}, roostv1.ErrOffline},
		"not authorised":  {[]byte{0x20, 2, 0, 5}, roostv1.ErrPermission},
		"no such answer":  {[]byte{0x20, 2, 0, 77}, roostv1.ErrOffline},
		"a message first": {[]byte{0x30, 3, 0, 1, 'a'}, roostv1.ErrOffline},
		"noise":           {[]byte("220 mail.example.com ESMTP\r\n"), roostv1.ErrOffline},
		"half an answer":  {[]byte{0x20, 2}, context.DeadlineExceeded},
		"silence":         {nil, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, func(c *fakeConn, _ packets.ControlPacket) bool {
				c.bytes(test.answer...)
				return true
			})
			if err := opens(t, newDriver(), lamp("d1", f.at()), time.Second); !errors.Is(err, test.want) {
				t.Errorf("open: %v, want %v", err, test.want)
			}
		})
	}
}

// TestRefusedSubscription: what may not be read is told, by its topic.
func TestRefusedSubscription(t *testing.T) {
	f := startFake(t, func(c *fakeConn, p packets.ControlPacket) bool {
		s, is := p.(*packets.SubscribePacket)
		if is {
			c.bytes(0x90, 3, byte(s.MessageID>>8), byte(s.MessageID), 0x80)
		}
		return is
	})
	err := opens(t, newDriver(), lamp("d1", f.at()), patience)
	if !errors.Is(err, roostv1.ErrPermission) || !strings.Contains(err.Error(), "lamps/d1/on") {
		t.Errorf("open: %v, want ErrPermission and the topic", err)
	}
}

// TestTooLong: a payload that is too long is a bad reading, and the broker gets its answer.
func TestTooLong(t *testing.T) {
	f := startFake(t, nil)
	to := newSink()
	push(t, open(t, newDriver(), device("d1", f.at(), readable("text", isText, "topic=t"))), to)
	c := f.conn(t)
	c.publish("t", 1, 1, strings.Repeat("x", 1<<20))
	c.publish("t", 1, 2, "short")
	for id := range uint16(2) {
		if p, ok := next[*packets.PubackPacket](c, patience); !ok || p.MessageID != id+1 {
			t.Fatalf("acknowledged: %v, %v; want message %d", p, ok, id+1)
		}
	}
	if got := strings.Join(to.wait(t, 2), ", "); got != "text - bad decode error, text short" {
		t.Errorf("readings are %s", got)
	}
}

// FuzzGuard: whatever a broker sends, what is passed on is packets that the library can read, and messages are of bounded length.
func FuzzGuard(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0x30, 4, 0, 1, 'a', 'b', 0x90, 3, 0, 1, 0, 0xd0, 0})
	f.Add([]byte{0x20, 2, 0, 0, 0x32, 0x86, 0x80, 0x80, 1, 0, 1, 'a', 0, 1, 'b'})
	f.Fuzz(func(t *testing.T, sent []byte) {
		greeted := false
		passed := mqtt.NewGuard(&oneWay{Reader: bytes.NewReader(sent)}, func(m mqtt.Heard, qos byte) {
			if !greeted || m.Topic == "" || qos > 2 || len(m.Payload) > 256<<10 {
				t.Fatalf("%v of QoS %d is heard, greeted: %v", m, qos, greeted)
			}
		})
		for first := true; ; first = false {
			p, err := packets.ReadPacket(passed)
			if err != nil {
				return
			}
			if _, greets := p.(*packets.ConnackPacket); greets != first {
				t.Fatalf("%T was passed on, first: %v", p, first)
			}
			greeted = true
			switch p := p.(type) {
			case *packets.SubackPacket:
				if len(p.ReturnCodes) != 1 {
					t.Fatalf("%d verdicts were passed on", len(p.ReturnCodes))
				}
			case *packets.PublishPacket:
				t.Fatalf("%v was passed on", p)
			}
		}
	})
}

// oneWay is a connection that only reads.
type oneWay struct {
	io.Reader
	net.Conn
}

func (c *oneWay) Read(b []byte) (int, error) { return c.Reader.Read(b) }
