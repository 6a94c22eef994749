//go:build !linux

package netns

import (
	"errors"
	"net/netip"
)

// ErrUnsupported: this system has no such networks.
var ErrUnsupported = errors.New("only Linux has network namespaces")

// Missing is why this machine cannot give gateways networks of their own.
func Missing() string { return ErrUnsupported.Error() }

// Network is that of a run.
type Network struct{}

// New says what a network is to be called.
func New(string, []string) (*Network, error) { return nil, ErrUnsupported }

// Names are what it takes of the machine.
func (n *Network) Names() Names { return Names{} }

// Side is the machine's own end of a way.
func (n *Network) Side(Way) netip.Addr { return netip.Addr{} }

// End is the gateway's end of a way.
func (n *Network) End(string, Way) netip.Addr { return netip.Addr{} }

// Namespace is that of a gateway.
func (n *Network) Namespace(string) string { return "" }

// Make makes it.
func (n *Network) Make() error { return ErrUnsupported }

// Close lets go of what the network is changed by.
func (n *Network) Close() {}

// Cut has nothing get through on a way in some directions.
func (n *Network) Cut(string, Way, Directions) error { return ErrUnsupported }

// Heal lets everything through again.
func (n *Network) Heal(string, Way, Directions) error { return ErrUnsupported }

// Probe sends datagrams both ways.
func (n *Network) Probe(string, Way) (Passed, error) { return Passed{}, ErrUnsupported }

// Connection is one of TCP, as the kernel sees it.
type Connection struct {
	Local, Remote netip.AddrPort
	Waiting       uint64
	Timer         bool
	Again         uint64
}

// Connections are those of a gateway's end of a way.
func (n *Network) Connections(string, Way) ([]Connection, error) { return nil, ErrUnsupported }

// Answers are the other ends of them.
func (n *Network) Answers(string, Way) ([]Connection, error) { return nil, ErrUnsupported }

// Enter has the thread of the caller be in a namespace from now on.
func Enter(string) error { return ErrUnsupported }

// Remove removes a network.
func (n Names) Remove() error { return nil }
