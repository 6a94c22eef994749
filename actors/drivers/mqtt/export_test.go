package mqtt

import "net"

// NewGuard returns what stands between the MQTT library and a connection.
func NewGuard(conn net.Conn) net.Conn { return newGuard(conn, new(alive)) }

// Matches tells whether a topic is one of a filter's.
func Matches(filter, topic string) bool { return matches(filter, topic) }
