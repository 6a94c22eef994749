package peertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The kernel takes ports for outgoing connections from above these: one of these, once found free, stays free while its
// peer is dead, unless somebody listens there.
const firstPort, lastPort = 20000, 31999

// FreeAddress returns 127.0.0.1 and a port at which nobody listens, of "tcp" or "udp".
func FreeAddress(t testing.TB, network string) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.N(lastPort-firstPort+1)))
		if isFree(network, address) {
			return address
		}
	}
	t.Fatalf("none of 100 ports of %s is free", network)
	return ""
}

func isFree(network, address string) bool {
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		return err == nil && conn.Close() == nil
	}
	listener, err := net.Listen(network, address)
	return err == nil && listener.Close() == nil
}

// Port returns the port of an address.
func Port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
