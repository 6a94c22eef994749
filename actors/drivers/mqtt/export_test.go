package mqtt

import "net"

// NewGuard returns what stands between the MQTT library and a connection. hear is given the messages.
func NewGuard(conn net.Conn, hear func(Heard, byte)) net.Conn { return newGuard(conn, listener(hear)) }

type listener func(Heard, byte)

func (listener) hear() {}
func (listener) lull() {}
func (l listener) arrived(m *message) {
	l(Heard{Topic: m.topic, Payload: m.payload, TooLong: m.tooLong, Retained: m.retained}, m.qos)
}

// Matches tells whether a topic is one of a filter's.
func Matches(filter, topic string) bool { return matches(filter, topic) }
