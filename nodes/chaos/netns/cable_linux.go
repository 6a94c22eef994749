package netns

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// veth lays a cable from here to a namespace.
func veth(here *netlink.Handle, name, namespace, there string) error {
	other, err := netns.GetFromName(namespace)
	if err != nil {
		return err
	}
	defer func() { _ = other.Close() }() // it was only pointed at
	return here.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: there, PeerNamespace: netlink.NsFd(other)})
}

// up gives the end of a cable addresses, and switches it on.
func up(h *netlink.Handle, name string, bits int, addresses ...netip.Addr) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if err := h.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: ip(a), Mask: net.CIDRMask(bits, 32)}}); err != nil {
			return err
		}
	}
	return h.LinkSetUp(link)
}

// down takes the addresses of the end of a cable away.
func down(h *netlink.Handle, name string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	addresses, err := h.AddrList(link, unix.AF_INET)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if err := h.AddrDel(link, &a); err != nil {
			return err
		}
	}
	return nil
}

// overlaps reports whether a route of the machine leads to some of a network already. The default route leads everywhere.
func overlaps(h *netlink.Handle, lan netip.Prefix) (bool, error) {
	routes, err := h.RouteList(nil, unix.AF_INET)
	if err != nil {
		return false, err
	}
	for _, r := range routes {
		if r.Dst == nil {
			continue
		}
		ones, _ := r.Dst.Mask.Size()
		if to, ok := netip.AddrFromSlice(r.Dst.IP.To4()); ok && ones > 0 && netip.PrefixFrom(to, ones).Overlaps(lan) {
			return true, nil
		}
	}
	return false, nil
}

func ip(a netip.Addr) net.IP { return a.AsSlice() }

func host(a netip.Addr) *net.IPNet { return &net.IPNet{IP: ip(a), Mask: net.CIDRMask(32, 32)} }

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: ip(p.Addr()), Mask: net.CIDRMask(p.Bits(), 32)}
}
