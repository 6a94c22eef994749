package health

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Where a gateway and a hub listen if nobody says otherwise.
const (
	GatewayAddress = "127.0.0.1:4280"
	HubAddress     = "127.0.0.1:4281"
)

// Off, in the place of an address, is nowhere.
const Off = "off"

// Reasons that an address is refused.
var (
	// ErrAddress: it is not host:port.
	ErrAddress = errors.New("bad health address")
	// ErrNotLoopback: other machines could reach it.
	ErrNotLoopback = errors.New("health address is not loopback")
	// ErrAddressInUse: another program listens there.
	ErrAddressInUse = errors.New("health address in use")
)

// Check checks an address, without listening on it.
func Check(address string) error {
	if address == Off {
		return nil
	}
	_, err := parse(address)
	return err
}

// parse reads an address of this machine that no other can reach.
func parse(address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q must be host:port, such as %s, or %s", ErrAddress, address, GatewayAddress, Off)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the port must be a number from 0 to 65535", ErrAddress, address)
	}
	if strings.EqualFold(host, "localhost") { // no resolver has a say in it
		host = "127.0.0.1"
	}
	at, err := netip.ParseAddr(host)
	if err != nil && host != "" {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the host must be localhost or an IP address", ErrAddress, address)
	}
	if !at.IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("%w: other machines could reach %q, and nobody is asked who he is there: "+
			"choose an address such as %s, or %s", ErrNotLoopback, address, GatewayAddress, Off)
	}
	return netip.AddrPortFrom(at, uint16(number)), nil
}

// listen listens on an address. If spare is set and another program listens there, it is any free port
// of the same host.
func listen(address string, spare bool) (net.Listener, error) {
	at, err := parse(address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", at.String())
	if isAddressInUse(err) && spare {
		l, err = net.Listen("tcp", netip.AddrPortFrom(at.Addr(), 0).String())
	}
	switch {
	case isAddressInUse(err):
		return nil, fmt.Errorf("%w: another program listens on %s: choose another address with --health, or %s", ErrAddressInUse, at, Off)
	case err != nil:
		return nil, fmt.Errorf("listen for health: %w: choose another address with --health, or %s", err, Off)
	}
	return l, nil
}
