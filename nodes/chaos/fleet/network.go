package fleet

import (
	"fmt"
	"net/netip"

	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// makeNetwork gives each gateway a network of its own, if they are to have one.
func (f *Fleet) makeNetwork() error {
	if f.config.Net != plan.NetNamespaces {
		return nil
	}
	if reason := netns.Missing(); reason != "" {
		return fmt.Errorf("gateways cannot have networks of their own here: %s", reason)
	}
	var gateways []string
	for i := range f.config.Gateways {
		gateways = append(gateways, f.config.Gateway(i+1))
	}
	network, err := netns.New(f.config.Run, gateways)
	if err != nil {
		return err
	}
	names := network.Names()
	if err := f.take([]Claim{{Network: &names}}); err != nil {
		return err
	}
	f.network = network
	return network.Make()
}

// Network is what gateways reach the hub through, if they have networks of their own; nil: they have none.
func (f *Fleet) Network() *netns.Network { return f.network }

// side is where a proxy listens that gateways dial; empty: on loopback.
func (f *Fleet) side(w netns.Way) string {
	if f.network == nil {
		return ""
	}
	return netip.AddrPortFrom(f.network.Side(w), 0).String()
}

// namespace is the one that a gateway runs in; empty: that of everybody.
func (f *Fleet) namespace(gateway string) string {
	if f.network == nil {
		return ""
	}
	return f.network.Namespace(gateway)
}
