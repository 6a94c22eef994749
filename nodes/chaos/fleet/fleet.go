package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/plan"
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

// New chooses ports and opens the proxies. Close is needed also if Start is not called.
func New(cfg Config) (*Fleet, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	f := &Fleet{config: cfg, folder: cfg.Folder, ways: map[way]*proxy.Proxy{}, stop: func() {}}
	if err := f.prepare(); err != nil {
		f.Close()
		return nil, errors.Join(err, f.Left())
	}
	return f, nil
}

func (f *Fleet) prepare() error {
	if err := os.MkdirAll(filepath.Join(f.folder, "logs"), 0o700); err != nil {
		return err
	}
	if err := f.makeDisks(); err != nil {
		return err
	}
	if err := f.makeControls(); err != nil {
		return err
	}
	if err := f.makeNetwork(); err != nil {
		return err
	}
	addresses, err := freePorts(2*f.config.Hubs + 1)
	if err != nil {
		return err
	}
	listen, routes, hardware := addresses[:f.config.Hubs], addresses[f.config.Hubs:2*f.config.Hubs], addresses[2*f.config.Hubs]
	for i := range f.config.Hubs {
		f.addHub(i, listen[i], routes)
	}
	f.addHardware(hardware)
	if f.devices, err = proxy.New(proxy.Config{Listen: f.side(netns.ToDevices), Private: f.network != nil, Target: hardware, Sort: whoSays, Seed: f.config.Seed}); err != nil {
		return err
	}
	for i := range f.config.Gateways {
		if err := f.addGateway(f.config.Gateway(i+1), listen); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) node(name string, kind Kind, args ...string) *Node {
	return &Node{
		Name: name, Kind: kind, program: f.config.Program, env: f.config.environment(), args: args,
		logs: filepath.Join(f.folder, "logs"), note: f.config.Note,
	}
}

func (f *Fleet) addHub(i int, listen string, routes []string) {
	name := f.config.Hub(i + 1)
	args := []string{"hub", "--data", f.dataFolder(name, f.config.HubDisks), "--listen", listen}
	if len(routes) > 1 {
		args = append(args, "--cluster", "chaos", "--route", routes[i], "--peers", strings.Join(routes, ","))
	}
	f.hubs = append(f.hubs, f.node(name, KindHub, args...))
	f.urls = append(f.urls, "nats://"+listen)
	f.names = append(f.names, serverName(routes, i))
}

func (f *Fleet) addHardware(listen string) {
	args := []string{
		"sim", "--log", f.Truth(), "--listen", listen, "--devices", strconv.Itoa(f.config.Devices),
		"--seed", strconv.FormatUint(f.config.Seed, 10), "--control",
	}
	if f.config.Idle > 0 {
		args = append(args, "--idle", f.config.Idle.String())
	}
	switch f.config.Mode {
	case plan.ModeFenced:
		args = append(args, "--fenced")
	case plan.ModeExclusive:
		args = append(args, "--exclusive")
	}
	f.hardware = f.node("hardware", KindHardware, args...)
}

func (f *Fleet) addGateway(name string, hubs []string) error {
	var urls []string
	for i, listen := range hubs {
		p, err := proxy.New(proxy.Config{
			Listen: f.side(netns.ToHub), Private: f.network != nil, Target: listen,
			Seed: f.config.Seed + uint64(len(f.ways)), Tap: f.config.Tap,
		})
		if err != nil {
			return err
		}
		f.ways[way{name, f.config.Hub(i + 1)}] = p
		urls = append(urls, "nats://"+p.Addr())
	}
	gateway := f.node(name, KindGateway, f.gatewayArgs(name, strings.Join(urls, ","), f.dataFolder(name, f.config.GatewayDisks))...)
	gateway.namespace = f.namespace(name)
	gateway.env = append(gateway.env, f.controlOf(name)...)
	f.gateways = append(f.gateways, gateway)
	return nil
}

func (f *Fleet) gatewayArgs(id, hub, data string) []string {
	return []string{
		"gateway", "--id", id, "--hub", hub, "--fleet-name", Name, "--data", data,
		"--lease", f.config.Lease.String(), "--log-level", "info",
	}
}

// whoSays tells the gateway that a connection to the hardware is of, by the hello that it begins with.
func whoSays(first []byte) (string, bool) {
	frame, err := wire.NewReader(strings.NewReader(string(first))).Next()
	if err != nil {
		return "", false
	}
	hello, ok := frame.Message.(*wire.Hello)
	if !ok {
		return "", false
	}
	return hello.Gateway, true
}

// Start starts hubs, hardware and gateways, and registers the devices. It returns when each process has said that
// it is ready.
func (f *Fleet) Start(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.stop = stop
	for _, p := range f.allProxies() {
		f.proxies.Go(func() { _ = p.Run(running) }) // ends with its listener
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return startAll(ctx, append(f.Hubs(), f.hardware)) },
		f.connect,
		f.register,
		f.config.Connected,
		func(ctx context.Context) error { return startAll(ctx, f.Gateways()) },
	} {
		bounded, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it took longer than %v", startTimeout))
		err := step(bounded)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// startAll starts nodes at once, and waits until all are ready.
func startAll(ctx context.Context, nodes []*Node) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, n := range nodes {
		all.Go(func() error { return n.Start(ctx) })
	}
	return all.Wait()
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
	return filepath.Join(f.folder, gateway, "gateway-"+gateway)
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

// Close ends all processes, and returns when they have ended. There is no chance for them to clean up. What of this machine
// was taken for the fleet is given back, and Left says what could not be.
func (f *Fleet) Close() {
	if f.conn != nil {
		f.conn.Close()
	}
	var all sync.WaitGroup
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range append(f.Nodes(), f.clones...) {
		all.Go(func() { _, _ = n.Kill() }) // those that do not run have ended already
	}
	all.Wait()
	f.stop()
	for _, p := range f.allProxies() {
		p.Close()
	}
	f.proxies.Wait()
	if f.network != nil {
		f.network.Close()
	}
	f.left = f.giveBack()
	f.removeControls()
}

// Left is why Close could not give back all that was taken; nil: it could.
func (f *Fleet) Left() error { return f.left }

// Shutdown asks the processes to end in order, gateways first, and returns what went wrong. Those that do not
// are killed.
func (f *Fleet) Shutdown(patience time.Duration) error {
	var errs error
	for _, nodes := range [][]*Node{f.gateways, {f.hardware}, f.hubs} {
		var all errgroup.Group
		for _, n := range nodes {
			if _, ok := n.PID(); !ok {
				continue
			}
			all.Go(func() error {
				_, err := n.Stop(patience)
				return err
			})
		}
		errs = errors.Join(errs, all.Wait())
	}
	f.Close()
	return errors.Join(errs, f.Left())
}

// WayAddress is what a gateway dials for the first hub.
func (f *Fleet) WayAddress(gateway string) string {
	p := f.ways[way{gateway, f.hubs[0].Name}]
	if p == nil {
		return ""
	}
	return p.Addr()
}
