package fleet

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

func (f *Fleet) prepare() error {
	if err := os.MkdirAll(filepath.Join(f.folder, "logs"), 0o700); err != nil {
		return err
	}
	if err := f.makeDisks(); err != nil {
		return err
	}
	if err := f.makeMemory(); err != nil {
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
	gateway := f.node(name, KindGateway, f.gatewayArgs(name, strings.Join(urls, ","), f.dataFolder(name, f.ownDisks()))...)
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
