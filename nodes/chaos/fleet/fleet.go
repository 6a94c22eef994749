package fleet

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// Name of the fleet at its hub.
const Name = "chaos"

// startTimeout bounds the start of each kind of nodes.
const startTimeout = 30 * time.Second

// Fleet is a fleet that is to be broken.
type Fleet struct {
	config   Config
	folder   string
	hubs     []*Node
	gateways []*Node
	hardware *Node
	urls     []string // of the hubs, beside the proxies
	names    []string // of the hubs' servers
	ways     map[way]*proxy.Proxy
	devices  *proxy.Proxy // to the hardware
	claims   []Claim
	left     error                // what of them could not be given back
	network  *netns.Network       // nil: gateways have none of their own
	disks    map[string]disk.Disk // by node; those that have none of their own are missing
	memory   map[string]*disk.Memory

	controls string // the folder of their sockets that was made; empty: none was

	stop    context.CancelFunc
	proxies sync.WaitGroup
	conn    *nats.Conn
	client  *cluster.Client

	mu     sync.Mutex
	clones []*Node
}

// way is the one from a gateway to a hub.
type way struct{ gateway, hub string }

// New chooses ports and opens the proxies. Close is needed also if Start is not called. With an error there is a fleet only if
// not all that was taken for it could be given back; Left says what, and Close tries again.
func New(cfg Config) (*Fleet, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	f := &Fleet{config: cfg, folder: cfg.Folder, ways: map[way]*proxy.Proxy{}, stop: func() {}}
	if err := f.prepare(); err != nil {
		f.Close()
		if f.left != nil {
			return f, errors.Join(err, f.left)
		}
		return nil, err
	}
	return f, nil
}

func (f *Fleet) allProxies() []*proxy.Proxy {
	var all []*proxy.Proxy
	if f.devices != nil {
		all = append(all, f.devices)
	}
	for _, p := range f.ways {
		all = append(all, p)
	}
	return all
}

// Nodes returns all nodes: hubs, hardware and gateways.
func (f *Fleet) Nodes() []*Node {
	nodes := append(f.Hubs(), f.Gateways()...)
	if f.hardware != nil {
		nodes = append(nodes, f.hardware)
	}
	return nodes
}

// Hubs returns the hubs.
func (f *Fleet) Hubs() []*Node { return append([]*Node(nil), f.hubs...) }

// Gateways returns the gateways.
func (f *Fleet) Gateways() []*Node { return append([]*Node(nil), f.gateways...) }

// Hardware returns the hardware.
func (f *Fleet) Hardware() *Node { return f.hardware }

// Node returns a node by name; nil if there is none.
func (f *Fleet) Node(name string) *Node {
	for _, n := range f.Nodes() {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// Truth is the file of the hardware's log.
func (f *Fleet) Truth() string { return filepath.Join(f.folder, "truth.log") }

// Logs is the folder of what the nodes said.
func (f *Fleet) Logs() string { return filepath.Join(f.folder, "logs") }

// GatewayFolder is where a gateway keeps what is its own, and its control socket.
func (f *Fleet) GatewayFolder(gateway string) string {
	return filepath.Join(f.dataFolder(gateway, f.ownDisks()), "gateway-"+gateway)
}

// HubLink returns the way from a gateway to a hub; nil if there is none.
func (f *Fleet) HubLink(gateway, hub string) *proxy.Link {
	p := f.ways[way{gateway, hub}]
	if p == nil {
		return nil
	}
	return p.Link("")
}

// DeviceLink returns the way from a gateway to the hardware.
func (f *Fleet) DeviceLink(gateway string) *proxy.Link { return f.devices.Link(gateway) }

// WayAddress is what a gateway dials for the first hub.
func (f *Fleet) WayAddress(gateway string) string {
	p := f.ways[way{gateway, f.hubs[0].Name}]
	if p == nil {
		return ""
	}
	return p.Addr()
}
