package netns

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Connection is one of TCP, as the kernel sees it.
type Connection struct {
	Local, Remote netip.AddrPort
	// Waiting are bytes that the other side has not acknowledged. Timer: the kernel waits to send some of them again; Again is how
	// often it has.
	Waiting uint64
	Timer   bool
	Again   uint64
}

// String tells it for people.
func (c Connection) String() string {
	return fmt.Sprintf("%v to %v is established with %d bytes unacknowledged, sent again %d times", c.Local, c.Remote, c.Waiting, c.Again)
}

// Connections are those of a gateway's end of a way that are established.
func (n *Network) Connections(gateway string, w Way) ([]Connection, error) {
	var found []Connection
	err := Do(n.Namespace(gateway), func() (err error) {
		found, err = connections("/proc/thread-self/net/tcp", func(c Connection) bool { return c.Remote.Addr() == n.Side(w) })
		return err
	})
	return found, err
}

// Answers are the other ends of them, as the machine's own network sees them.
func (n *Network) Answers(gateway string, w Way) ([]Connection, error) {
	return connections("/proc/self/net/tcp", func(c Connection) bool { return c.Remote.Addr() == n.End(gateway, w) })
}

const established = "01"

func connections(path string, is func(Connection) bool) ([]Connection, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found []Connection
	for line := range strings.Lines(string(text)) {
		if c, ok := parseConnection(strings.Fields(line)); ok && is(c) {
			found = append(found, c)
		}
	}
	return found, nil
}

// parseConnection reads a line of /proc/net/tcp: number, local, remote, state, waiting:unread, timer:when, sent again.
func parseConnection(f []string) (c Connection, ok bool) {
	if len(f) < 7 || f[3] != established {
		return c, false
	}
	waiting, _, _ := strings.Cut(f[4], ":")
	timer, _, _ := strings.Cut(f[5], ":")
	var err1, err2 error
	c.Waiting, err1 = strconv.ParseUint(waiting, 16, 64)
	c.Again, err2 = strconv.ParseUint(f[6], 16, 64)
	c.Timer = timer == "01" || timer == "04" // to send again, and to ask whether it may send
	local, ok1 := parseAddress(f[1])
	remote, ok2 := parseAddress(f[2])
	c.Local, c.Remote = local, remote
	return c, err1 == nil && err2 == nil && ok1 && ok2
}

// parseAddress reads an address as the kernel writes it: a number in the order of this machine, and a port.
func parseAddress(s string) (a netip.AddrPort, ok bool) {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != 4 {
		return a, false
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return a, false
	}
	var ip [4]byte
	binary.NativeEndian.PutUint32(ip[:], binary.BigEndian.Uint32(b))
	return netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(n)), true
}
