package hub

import (
	"fmt"
	"net/netip"
)

// site is where a hub is: its name, its addresses, and whom it belongs to.
type site struct {
	name    string
	listen  netip.AddrPort
	cluster *membership // nil if it runs alone
	users   *users      // nil if everybody may do anything
}

// siteOf reads where a hub is to be.
func siteOf(cfg Config) (site, error) {
	users, err := usersOf(cfg)
	if err != nil {
		return site{}, err
	}
	seen := reach(users != nil)
	listen, err := seen.listen(cfg.Listen, DefaultListen)
	if err != nil {
		return site{}, err
	}
	cluster, err := cfg.Cluster.parse(seen)
	if err != nil {
		return site{}, err
	}
	s := site{name: cfg.Name, listen: listen, cluster: cluster, users: users}
	if s.name == "" {
		s.name = s.defaultName()
	}
	if cluster != nil && cluster.route == listen {
		return site{}, fmt.Errorf("%w: %s cannot be both for clients and for hubs: choose another address with --route",
			ErrAddressInUse, listen)
	}
	return s, nil
}

func (s site) defaultName() string {
	if s.cluster == nil {
		return DefaultName
	}
	return s.cluster.serverName()
}

func (s site) mode() mode {
	if s.cluster == nil {
		return standalone
	}
	return s.cluster.mode()
}

// checkListen tells whether all addresses can be listened on at this moment.
func (s site) checkListen() error {
	if err := checkListen(s.listen, "--listen"); err != nil || s.cluster == nil {
		return err
	}
	return checkListen(s.cluster.route, "--route")
}
