package netns

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	// probes are sent each way, and waited for so long after the last.
	probes    = 5
	probeTime = 200 * time.Millisecond
)

// Probe sends datagrams both ways, and says how many came through. It takes some 400 ms if none do.
func (n *Network) Probe(gateway string, w Way) (Passed, error) {
	far, err := listen(n.Side(w))
	if err != nil {
		return Passed{}, err
	}
	defer func() { _ = far.Close() }() // a probe
	var near *net.UDPConn
	err = Do(n.Namespace(gateway), func() (err error) {
		near, err = listen(n.End(gateway, w))
		return err
	})
	if err != nil {
		return Passed{}, err
	}
	defer func() { _ = near.Close() }() // a probe
	for range probes {
		send(near, far)
		send(far, near)
	}
	passed := Passed{Sent: probes}
	if passed.Up, err = received(far); err != nil {
		return passed, err
	}
	passed.Down, err = received(near)
	return passed, err
}

func listen(a netip.Addr) (*net.UDPConn, error) {
	return net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
}

// send sends a probe. That there is no way is an answer too.
func send(from, to *net.UDPConn) {
	_, _ = from.WriteTo([]byte("roost"), to.LocalAddr())
}

// received counts the probes that have come, or come in a moment.
func received(c *net.UDPConn) (n int, err error) {
	if err := c.SetReadDeadline(time.Now().Add(probeTime)); err != nil {
		return 0, err
	}
	buffer := make([]byte, 64)
	for n < probes {
		if _, err := c.Read(buffer); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return n, nil
			}
			return n, err
		}
		n++
	}
	return n, nil
}
