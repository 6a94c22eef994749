package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken from firstPort to lastPort: below those that systems give to whoever dials, since they are bound only
// later, by processes, and a connection might get one of them in between.
const firstPort, lastPort = 20000, 31999

// freePorts returns addresses of this machine that nobody listens on at this moment.
func freePorts(n int) ([]string, error) {
	var addresses []string
	var listeners []net.Listener
	var last error
	// Where to begin is drawn, so that runs beside each other seldom want the same ports.
	const all = lastPort - firstPort + 1
	begin := rand.IntN(all)
	for i := 0; i < all && len(addresses) < n; i++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+(begin+i)%all))
		if err != nil {
			last = err
			continue
		}
		listeners = append(listeners, l) // until all are found, so that no two are the same
		addresses = append(addresses, l.Addr().String())
	}
	var errs error
	if len(addresses) < n {
		errs = fmt.Errorf("find %d free ports from %d to %d: %w", n, firstPort, lastPort, last)
	}
	for _, l := range listeners {
		errs = errors.Join(errs, l.Close())
	}
	return addresses, errs
}
