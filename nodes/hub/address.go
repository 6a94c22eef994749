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

// exampleRoute is what a route could be, for people who gave one that is none.
const exampleRoute = "127.0.0.1:6222"

// reach is how far a hub's addresses may be seen.
type reach bool

const (
	thisMachine reach = false // whoever reaches the hub may do anything
	anywhere    reach = true  // the hub has users
)

// toUsers is what makes a hub fit to be reached from elsewhere.
const toUsers = "make users with roost hub init, and then roost hub enrol gateway NAME"

// listen reads an address to listen on, which must be loopback unless the hub has users.
func (r reach) listen(listen, example string) (netip.AddrPort, error) {
	address, err := parseAddress(listen, example)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch {
	case r == thisMachine && !address.Addr().IsLoopback():
		return netip.AddrPort{}, fmt.Errorf("%w: other machines could reach %q, and this hub has no authentication: "+
			"%s, or choose an address such as %s", ErrNotLoopback, listen, toUsers, example)
	case !address.IsValid():
		return netip.AddrPort{}, fmt.Errorf("%w: %q has no host: 0.0.0.0 is all addresses of this machine", ErrAddress, listen)
	}
	return address, nil
}

// peer reads the address of another hub. A hub that is dialled may do all that one that
// dials may do, so without users it must be on this machine too.
func (r reach) peer(peer string) (netip.AddrPort, error) {
	address, err := parseAddress(peer, exampleRoute)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch {
	case r == thisMachine && (!address.Addr().IsLoopback() || address.Port() == 0):
		return netip.AddrPort{}, fmt.Errorf("%w: peer %q is not on this machine, and hubs have no authentication: "+
			"%s, or choose an address such as %s", ErrNotLoopback, peer, toUsers, exampleRoute)
	case !address.IsValid() || address.Addr().IsUnspecified() || address.Port() == 0:
		return netip.AddrPort{}, fmt.Errorf("%w: peer %q must be an address that can be dialled, such as %s", ErrAddress, peer, exampleRoute)
	}
	return address, nil
}

// parseAddress reads host:port and returns it with "localhost" made a number, so that no
// resolver has a say in it. No host is the zero address, which is not loopback.
func parseAddress(text, example string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q must be host:port, such as %s", ErrAddress, text, example)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the port must be a number from 0 to 65535", ErrAddress, text)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddr(host)
	if err != nil && host != "" {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: the host must be localhost or an IP address", ErrAddress, text)
	}
	return netip.AddrPortFrom(address, uint16(number)), nil
}

// checkListen tells whether the address can be listened on at this moment. The server
// would only log that it cannot, after it had opened the store.
func checkListen(address netip.AddrPort, flag string) error {
	listener, err := net.Listen("tcp", address.String())
	switch {
	case err == nil:
		return listener.Close()
	case isAddressInUse(err):
		return fmt.Errorf("%w: another program listens on %s: stop it, or choose another address with %s",
			ErrAddressInUse, address, flag)
	}
	return fmt.Errorf("%w: %w: choose another address with %s", ErrCannotListen, err, flag)
}
