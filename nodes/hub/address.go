package hub

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Reasons that an address is refused.
var (
	// ErrAddress: the listen address is not host:port.
	ErrAddress = errors.New("bad listen address")
	// ErrNotLoopback: other machines could reach the listen address.
	ErrNotLoopback = errors.New("listen address is not loopback")
	// ErrAddressInUse: another program listens there.
	ErrAddressInUse = errors.New("address in use")
	// ErrCannotListen: the system does not let this process listen there.
	ErrCannotListen = errors.New("cannot listen")
)

// parseListen reads host:port and returns it with "localhost" made a number, so
// that no resolver has a say in where the hub listens.
func parseListen(listen string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q must be host:port, such as %s", ErrAddress, listen, DefaultListen)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the port must be a number from 0 to 65535", ErrAddress, listen)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddr(host)
	if err != nil && host != "" {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the host must be localhost or an IP address", ErrAddress, listen)
	}
	if !address.IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("%w: other machines could reach %q, and this hub has no authentication: "+
			"choose an address such as %s", ErrNotLoopback, listen, DefaultListen)
	}
	return netip.AddrPortFrom(address, uint16(number)), nil
}

// checkListen tells whether the address can be listened on at this moment. The server
// would only log that it cannot, after it had opened the store.
func checkListen(address netip.AddrPort) error {
	listener, err := net.Listen("tcp", address.String())
	switch {
	case err == nil:
		return listener.Close()
	case isAddressInUse(err):
		return fmt.Errorf("%w: another program listens on %s: stop it, or choose another address with --listen",
			ErrAddressInUse, address)
	}
	return fmt.Errorf("%w: %w: choose another address with --listen", ErrCannotListen, err)
}
