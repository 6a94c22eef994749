package mqttd_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// raw is a device at the level of packets, which does only what it is told.
type raw struct {
	t       testing.TB
	conn    net.Conn
	in      *bufio.Reader
	version byte
}

// greeting is how a raw device says who it is.
type greeting struct {
	id, username, password string
	version                byte // 0: 4, which is MQTT 3.1.1
	keep                   bool // its session, over connections
	keepalive              uint16
	willTopic, will        string
	willQoS                byte
	willRetain             bool
}

func dialRaw(t testing.TB, at string) *raw {
	t.Helper()
	over := time.Now().Add(patience)
	for {
		conn, err := net.DialTimeout("tcp", at, patience)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return newRaw(t, conn)
		}
		if time.Now().After(over) {
			t.Fatal(err)
		}
		<-time.After(5 * time.Millisecond) // nobody listens yet
	}
}

func newRaw(t testing.TB, conn net.Conn) *raw {
	return &raw{t: t, conn: conn, in: bufio.NewReader(conn), version: 4}
}

// connect returns the code of the answer, or -1 if there was none.
func (r *raw) connect(g greeting) int {
	r.t.Helper()
	if g.version != 0 {
		r.version = g.version
	}
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: r.version}
	pk.Connect = packets.ConnectParams{
		ProtocolName: []byte("MQTT"), ClientIdentifier: g.id, Clean: !g.keep, Keepalive: g.keepalive,
		UsernameFlag: g.username != "", Username: []byte(g.username), PasswordFlag: g.password != "", Password: []byte(g.password),
		WillFlag: g.willTopic != "", WillTopic: g.willTopic, WillPayload: []byte(g.will),
		WillQos: g.willQoS, WillRetain: g.willRetain,
	}
	_ = r.conn.SetWriteDeadline(time.Now().Add(patience))
	if r.try(pk) != nil {
		return -1 // it was cut off at once
	}
	answer, err := r.read()
	if err != nil || answer.FixedHeader.Type != packets.Connack {
		return -1
	}
	return int(answer.ReasonCode)
}

func (r *raw) send(pk packets.Packet) {
	r.t.Helper()
	_ = r.conn.SetWriteDeadline(time.Now().Add(patience))
	if err := r.try(pk); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) try(pk packets.Packet) error {
	pk.ProtocolVersion = r.version
	var buf bytes.Buffer
	var err error
	switch pk.FixedHeader.Type {
	case packets.Connect:
		err = pk.ConnectEncode(&buf)
	case packets.Publish:
		err = pk.PublishEncode(&buf)
	case packets.Puback:
		err = pk.PubackEncode(&buf)
	case packets.Pubrel:
		err = pk.PubrelEncode(&buf)
	case packets.Subscribe:
		err = pk.SubscribeEncode(&buf)
	case packets.Pingreq:
		err = pk.PingreqEncode(&buf)
	}
	if err != nil {
		return err
	}
	_, err = r.conn.Write(buf.Bytes())
	return err
}

// read returns the next packet.
func (r *raw) read() (packets.Packet, error) {
	return r.readWithin(patience)
}

func (r *raw) readWithin(d time.Duration) (packets.Packet, error) {
	_ = r.conn.SetReadDeadline(time.Now().Add(d))
	pk := packets.Packet{ProtocolVersion: r.version}
	first, err := r.in.ReadByte()
	if err != nil {
		return pk, err
	}
	if err := pk.FixedHeader.Decode(first); err != nil {
		return pk, err
	}
	if pk.FixedHeader.Remaining, _, err = packets.DecodeLength(r.in); err != nil {
		return pk, err
	}
	body := make([]byte, pk.FixedHeader.Remaining)
	if _, err := io.ReadFull(r.in, body); err != nil {
		return pk, err
	}
	switch pk.FixedHeader.Type {
	case packets.Connack:
		err = pk.ConnackDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Puback:
		err = pk.PubackDecode(body)
	case packets.Pubrec:
		err = pk.PubrecDecode(body)
	case packets.Pubcomp:
		err = pk.PubcompDecode(body)
	case packets.Suback:
		err = pk.SubackDecode(body)
	case packets.Disconnect:
		err = pk.DisconnectDecode(body)
	}
	return pk, err
}

// expect returns the next packet, which must be of a kind.
func (r *raw) expect(kind byte) packets.Packet {
	r.t.Helper()
	pk, err := r.read()
	if err != nil || pk.FixedHeader.Type != kind {
		r.t.Fatalf("the gateway sent a packet of kind %d, %v; want kind %d", pk.FixedHeader.Type, err, kind)
	}
	return pk
}

func (r *raw) publish(topic, payload string, qos byte, id uint16) {
	r.t.Helper()
	r.send(publication(topic, payload, qos, id))
}

func publication(topic, payload string, qos byte, id uint16) packets.Packet {
	return packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos}, TopicName: topic, Payload: []byte(payload), PacketID: id,
	}
}

func (r *raw) puback(id uint16, code byte) {
	r.t.Helper()
	r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: id, ReasonCode: code})
}

func subscription(filter string, qos byte) packets.Packet {
	return packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, PacketID: 9,
		Filters: packets.Subscriptions{{Filter: filter, Qos: qos}},
	}
}

// subscribe returns the code of the answer.
func (r *raw) subscribe(filter string, qos byte) byte {
	r.t.Helper()
	r.send(subscription(filter, qos))
	return r.expect(packets.Suback).ReasonCodes[0]
}

// gone waits until the gateway has ended the connection, and returns what came before.
func (r *raw) gone() []packets.Packet {
	r.t.Helper()
	var before []packets.Packet
	for {
		pk, err := r.read()
		if timeout, is := err.(net.Error); is && timeout.Timeout() {
			r.t.Fatal("the gateway keeps the connection")
		}
		if err != nil {
			return before
		}
		before = append(before, pk)
	}
}
