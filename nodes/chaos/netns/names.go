package netns

import (
	"encoding/hex"
	"hash/fnv"
	"net/netip"
)

// Names are what a network takes of the machine: who knows them can remove it.
type Names struct {
	// Namespaces, the router's first.
	Namespaces []string `json:"namespaces"`
	// Link is the end of a cable in the machine's own network.
	Link string `json:"link"`
}

// namesOf are the names of a run's network. Those of namespaces begin with the run's; that of a link has to be short.
func namesOf(run string, gateways []string) Names {
	h := fnv.New32a()
	_, _ = h.Write([]byte(run)) // never fails
	n := Names{Namespaces: []string{run + ".router"}, Link: "rc-" + hex.EncodeToString(h.Sum(nil))}
	for _, gw := range gateways {
		n.Namespaces = append(n.Namespaces, run+"."+gw)
	}
	return n
}

const (
	// lanBits is how large a network is as a whole, and blockSize how many addresses each of its cables has.
	lanBits   = 22
	blockSize = 8
	// maxGateways is how many fit.
	maxGateways = 1<<(32-lanBits)/blockSize - 1
)

// pool is where networks are taken from: addresses for tests of devices, which nobody routes (RFC 2544).
var pool = netip.MustParsePrefix("198.18.0.0/15")

// candidates are all networks that there may be, beginning somewhere.
func candidates(start uint32) []netip.Prefix {
	n := uint32(1) << (lanBits - pool.Bits())
	var all []netip.Prefix
	for i := range n {
		all = append(all, netip.PrefixFrom(plus(pool.Addr(), ((start+i)%n)<<(32-lanBits)), lanBits))
	}
	return all
}

// plus adds to an address.
func plus(a netip.Addr, n uint32) netip.Addr {
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	v += n
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// plan says which address is whose.
type plan struct{ lan netip.Prefix }

// at is the n-th address of the i-th cable: 0 is that to the machine's own network, and each gateway has one from 1.
func (p plan) at(i, n int) netip.Addr { return plus(p.lan.Addr(), uint32(i*blockSize+n)) }

// Places on a cable. The router is at the same on each.
const (
	atRouter  = 1
	atHub     = 2 // of a gateway: its end of the way to the hub
	atDevices = 3
)

// Way is one of the two that a gateway has.
type Way int

// Ways.
const (
	ToHub Way = iota
	ToDevices
)

func (w Way) place() int {
	if w == ToHub {
		return atHub
	}
	return atDevices
}

// String tells it for people.
func (w Way) String() string { return [...]string{"hub", "devices"}[w] }
