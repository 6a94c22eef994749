package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Network is that of a run.
type Network struct {
	names    Names
	gateways []string
	plan     plan
	links    map[string]*netlink.Handle // by namespace
}

// New says what a network is to be called. Nothing is made.
func New(run string, gateways []string) (*Network, error) {
	if len(gateways) > maxGateways {
		return nil, fmt.Errorf("%d gateways are more than the %d that a network has room for", len(gateways), maxGateways)
	}
	return &Network{names: namesOf(run, gateways), gateways: gateways, links: map[string]*netlink.Handle{}}, nil
}

// Names are what it takes of the machine.
func (n *Network) Names() Names { return n.names }

// Side is the machine's own end of a way, to which the gateways' lead.
func (n *Network) Side(w Way) netip.Addr { return n.plan.at(0, w.place()) }

// End is the gateway's end of a way.
func (n *Network) End(gateway string, w Way) netip.Addr {
	return n.plan.at(n.index(gateway), w.place())
}

// Namespace is that of a gateway.
func (n *Network) Namespace(gateway string) string { return n.names.Namespaces[n.index(gateway)] }

func (n *Network) router() string { return n.names.Namespaces[0] }

// index is which cable a gateway has, from 1; 0 is none's.
func (n *Network) index(gateway string) int {
	for i, gw := range n.gateways {
		if gw == gateway {
			return i + 1
		}
	}
	return 0
}

// Make makes it. What is made if it fails Names.Remove removes.
func (n *Network) Make() error {
	for _, name := range n.names.Namespaces {
		if err := n.makeNamespace(name); err != nil {
			return fmt.Errorf("make network namespace %s: %w", name, err)
		}
	}
	if err := n.connectRouter(); err != nil {
		return fmt.Errorf("make cable %s: %w", n.names.Link, err)
	}
	for i, gw := range n.gateways {
		if err := n.connectGateway(i+1, gw); err != nil {
			return fmt.Errorf("make a cable to %s: %w", gw, err)
		}
	}
	for _, gw := range n.gateways {
		if err := n.await(gw); err != nil {
			return err
		}
	}
	return nil
}

// cableTime is how long the kernel may take to see that a cable is plugged in at both ends. It takes up to a second.
const cableTime = 10 * time.Second

// await waits until a gateway can be reached.
func (n *Network) await(gateway string) error {
	for late := time.Now().Add(cableTime); ; {
		passed, err := n.Probe(gateway, ToHub)
		if err != nil || passed.Only(0) {
			return err
		}
		if time.Now().After(late) {
			return fmt.Errorf("nothing gets through to %s: %v", gateway, passed)
		}
	}
}

func (n *Network) makeNamespace(name string) error {
	err := onThread(func() error {
		made, err := netns.NewNamed(name)
		if err != nil {
			return err
		}
		defer func() { _ = made.Close() }() // its name keeps it
		// What is on its way is not judged by where an answer would go: ways may be cut one way.
		for path, value := range map[string]string{"ip_forward": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0"} {
			if err := os.WriteFile(filepath.Join("/proc/sys/net/ipv4", path), []byte(value), 0); err != nil {
				return err
			}
		}
		n.links[name], err = netlink.NewHandleAt(made)
		return err
	})
	if err != nil {
		return err
	}
	lo, err := n.links[name].LinkByName("lo")
	if err != nil {
		return err
	}
	return n.links[name].LinkSetUp(lo)
}

// connectRouter lays the cable to the machine's own network, with addresses to which nothing leads yet.
func (n *Network) connectRouter() error {
	root, err := netlink.NewHandle()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := veth(root, n.names.Link, n.router(), "up"); err != nil {
		return err
	}
	for _, lan := range candidates(uint32(os.Getpid())) {
		taken, err := overlaps(root, lan)
		if err != nil {
			return err
		}
		if taken {
			continue
		}
		n.plan.lan = lan
		if err := up(root, n.names.Link, blockBits, n.Side(ToHub), n.Side(ToDevices)); err != nil {
			return err
		}
		err = root.RouteAdd(&netlink.Route{Dst: ipNet(lan), Gw: ip(n.plan.at(0, atRouter))})
		if errors.Is(err, unix.EEXIST) { // somebody was faster
			if err := down(root, n.names.Link); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := up(n.links[n.router()], "up", blockBits, n.plan.at(0, atRouter)); err != nil {
			return err
		}
		return nil
	}
	return fmt.Errorf("routes lead to all of %v already", pool)
}

// connectGateway lays the cable from a gateway to the router.
func (n *Network) connectGateway(i int, gateway string) error {
	inside, router := n.links[n.Namespace(gateway)], n.links[n.router()]
	end := fmt.Sprintf("down%d", i)
	if err := veth(router, end, n.Namespace(gateway), "up"); err != nil {
		return err
	}
	if err := up(router, end, blockBits, n.plan.at(i, atRouter)); err != nil {
		return err
	}
	if err := up(inside, "up", blockBits, n.End(gateway, ToHub), n.End(gateway, ToDevices)); err != nil {
		return err
	}
	for _, w := range []Way{ToHub, ToDevices} {
		err := inside.RouteAdd(&netlink.Route{
			Dst: host(n.Side(w)), Gw: ip(n.plan.at(i, atRouter)), Src: ip(n.End(gateway, w)), Priority: openMetric,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	blockBits = 29
	// openMetric is that of a way, and cutMetric of the route by which it is cut, which comes before it.
	openMetric = 100
	cutMetric  = 1
)
