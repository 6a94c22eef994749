package clustertest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports below those that systems give to whoever asks for any: a server that is killed finds its own
// still free, and a client that dials it meanwhile cannot be given it, and meet itself.
const firstPort, endPort = 20_000, 32_000

// FreePorts returns ports of 127.0.0.1 that nobody listens on, for servers that must be known before they
// are started. They differ: all are held until the last is found.
func FreePorts(tb testing.TB, n int) []int {
	tb.Helper()
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		port := firstPort + rand.N(endPort-firstPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			if tries > endPort-firstPort {
				tb.Fatalf("find a free port: %v", err)
			}
			continue
		}
		defer l.Close()
		ports = append(ports, port)
	}
	return ports
}
