package netns

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Cut has nothing get through on a way in some directions. Nobody is told: connections stand still.
func (n *Network) Cut(gateway string, w Way, d Directions) error {
	return n.each(gateway, w, d, func(h *netlink.Handle, r *netlink.Route) error {
		if err := h.RouteAdd(r); !errors.Is(err, unix.EEXIST) {
			return err
		}
		return nil
	})
}

// Heal lets everything through again. What was not cut is no error.
func (n *Network) Heal(gateway string, w Way, d Directions) error {
	return n.each(gateway, w, d, func(h *netlink.Handle, r *netlink.Route) error {
		if err := h.RouteDel(r); !errors.Is(err, unix.ESRCH) {
			return err
		}
		return nil
	})
}

// each does something with the routes by which a way is cut.
func (n *Network) each(gateway string, w Way, d Directions, act func(*netlink.Handle, *netlink.Route) error) error {
	if n.index(gateway) == 0 {
		return fmt.Errorf("the network has no gateway %s", gateway)
	}
	var errs error
	if d&Up != 0 {
		errs = act(n.links[n.Namespace(gateway)], nowhere(n.Side(w)))
	}
	if d&Down != 0 {
		errs = errors.Join(errs, act(n.links[n.router()], nowhere(n.End(gateway, w))))
	}
	if errs != nil {
		return fmt.Errorf("the way of %s to the %v: %w", gateway, w, errs)
	}
	return nil
}

// nowhere is a route to an address that leads nowhere, and says nothing.
func nowhere(a netip.Addr) *netlink.Route {
	return &netlink.Route{Dst: host(a), Type: unix.RTN_BLACKHOLE, Priority: cutMetric}
}
