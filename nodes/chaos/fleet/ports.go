package fleet

import (
	"errors"
	"fmt"
	"net"
)

// freePorts returns addresses of this machine that nobody listens on at this moment.
func freePorts(n int) ([]string, error) {
	var addresses []string
	var listeners []net.Listener
	var errs error
	for range n { // all at once, so that no two are the same
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			errs = fmt.Errorf("find a free port: %w", err)
			break
		}
		listeners = append(listeners, l)
		addresses = append(addresses, l.Addr().String())
	}
	for _, l := range listeners {
		errs = errors.Join(errs, l.Close())
	}
	return addresses, errs
}
