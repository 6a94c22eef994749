package hub

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ErrPeers: the hub is not told who the other two are.
var ErrPeers = errors.New("bad list of peers")

// size is how many hubs a cluster has: two of them outvote the third.
const size = 3

// Cluster says of which three hubs this one is.
type Cluster struct {
	// Name is the name of the cluster, the same in all three hubs. It is an id.
	Name string
	// Route is the address that the other two dial, host:port. Like Config.Listen it
	// must be a loopback address unless the hub has users; its port must be given, since the others have to know it.
	Route string
	// Peers are the Routes of the three hubs. It makes no difference whether this
	// hub's own is among them.
	Peers []string
}

// membership is a Cluster that has been checked.
type membership struct {
	name  string
	route netip.AddrPort
	peers []netip.AddrPort // the other two, in order
}

// parse checks a cluster; nil for nil.
func (c *Cluster) parse(seen reach) (*membership, error) {
	if c == nil {
		return nil, nil
	}
	if err := roostv1.CheckID("cluster name", c.Name); err != nil {
		return nil, err
	}
	route, err := seen.listen(c.Route, exampleRoute)
	if err != nil {
		return nil, err
	}
	if route.Port() == 0 {
		return nil, fmt.Errorf("%w: %q: the port must be given, since the other hubs have to know it", ErrAddress, c.Route)
	}
	if route.Addr().IsUnspecified() {
		return nil, fmt.Errorf("%w: %q: the route must be the one address that the other hubs dial", ErrAddress, c.Route)
	}
	peers, err := others(route, c.Peers, seen)
	if err != nil {
		return nil, err
	}
	return &membership{c.Name, route, peers}, nil
}

// others are the peers other than the hub itself. A server counts those that it is told
// of: one that is told of itself waits for a fourth, and three of them only ever
// start when all of them are there.
func others(self netip.AddrPort, peers []string, seen reach) ([]netip.AddrPort, error) {
	var found []netip.AddrPort
	for _, text := range peers {
		peer, err := seen.peer(text)
		if err != nil {
			return nil, err
		}
		if peer != self {
			found = append(found, peer)
		}
	}
	slices.SortFunc(found, netip.AddrPort.Compare)
	found = slices.Compact(found)
	if len(found) != size-1 {
		return nil, fmt.Errorf("%w: a cluster has %d hubs, so there must be %d beside %s, not %d",
			ErrPeers, size, size-1, self, len(found))
	}
	return found, nil
}

// serverName is the name of a hub that was not given one. It must differ from the names of
// the other two, and be the same after each restart: votes are counted by it.
func (m *membership) serverName() string {
	return DefaultName + "-" + strings.ReplaceAll(m.route.String(), ":", "-")
}

func (m *membership) mode() mode { return mode("cluster-" + m.name) }

// apply adds what a member of a cluster needs to a server's settings.
func (m *membership) apply(o *server.Options) {
	o.Cluster.Name = m.name
	o.Cluster.Host = m.route.Addr().String()
	o.Cluster.Port = int(m.route.Port())
	// Clients dial the addresses that they were given, and no others.
	o.Cluster.NoAdvertise = true
	// A peer that fell silent is cut off after 8 s: until then, who asks for something
	// that only it has waits in vain.
	o.Cluster.PingInterval = 2 * time.Second
	o.Cluster.MaxPingsOut = 3
	// A peer may be slow for longer than a client: to cut it off costs more.
	o.Cluster.WriteDeadline = 5 * time.Second
	for _, peer := range m.peers {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: peer.String()})
	}
}
