package discover

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// MaxHosts is how many addresses a search may reach without being told that this is meant: as many as a /16 has.
const MaxHosts = 1 << 16

// mostHosts is how many it may reach at all: as many as a /8 has.
const mostHosts = 1 << 24

// Reach is where a search goes.
type Reach struct {
	ranges []span
	count  int
}

// span is addresses from the first to the last.
type span struct{ first, last netip.Addr }

// ParseReach reads hosts, addresses, ranges of addresses (10.0.0.1-10.0.0.20) and networks (10.0.0.0/24), of which the first and the last
// address are left out where they are those of an IPv4 network and its broadcast. Names are looked up. Addresses that are there twice are reached once.
//
// The error is roostv1.ErrInvalid for what is none of these, and roostv1.ErrPermission for what is not reached unless anywhere is
// true: more than MaxHosts addresses, or any that is not private, link-local or loopback.
func ParseReach(ctx context.Context, targets []string, anywhere bool) (Reach, error) {
	var r Reach
	for _, t := range targets {
		spans, err := parseTarget(ctx, t)
		if err != nil {
			return Reach{}, err
		}
		for _, s := range spans {
			if !anywhere && (!ours(s.first) || !ours(s.last)) {
				return Reach{}, roostv1.Errorf(roostv1.ErrPermission, "%s is not in a private network: --yes if it is yours to search", t)
			}
		}
		r.ranges = append(r.ranges, spans...)
	}
	r.merge()
	for _, s := range r.ranges {
		r.count += s.size()
	}
	if r.count > mostHosts {
		return Reach{}, roostv1.Errorf(roostv1.ErrInvalid, "more than %d addresses are too many to search", mostHosts)
	}
	if r.count > MaxHosts && !anywhere {
		return Reach{}, roostv1.Errorf(roostv1.ErrPermission, "%d addresses are more than %d: --yes if that is meant", r.count, MaxHosts)
	}
	return r, nil
}

// Len is how many addresses there are.
func (r Reach) Len() int { return r.count }

// All goes through the addresses, from the lowest to the highest.
func (r Reach) All() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for _, s := range r.ranges {
			for a := s.first; a.IsValid() && a.Compare(s.last) <= 0; a = a.Next() {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// shared is the address space between carriers and their customers, which is nobody's on the internet.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func ours(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

func parseTarget(ctx context.Context, target string) ([]span, error) {
	if p, err := netip.ParsePrefix(target); err == nil {
		return []span{network(p.Masked())}, nil
	}
	if first, last, ok := parseRange(target); ok {
		if first.BitLen() != last.BitLen() || first.Compare(last) > 0 {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%q is no range: the first address is not below the last", target)
		}
		return []span{{first, last}}, nil
	}
	if a, err := netip.ParseAddr(target); err == nil {
		return []span{{a.Unmap(), a.Unmap()}}, nil
	}
	return lookUp(ctx, target)
}

func parseRange(target string) (first, last netip.Addr, ok bool) {
	from, to, _ := strings.Cut(target, "-")
	first, err := netip.ParseAddr(from)
	if err != nil {
		return first, last, false
	}
	last, err = netip.ParseAddr(to)
	return first, last, err == nil
}

func lookUp(ctx context.Context, name string) ([]span, error) {
	if name == "" || strings.ContainsAny(name, "/: ") {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "%.60q is no host, address, range (10.0.0.1-10.0.0.20) or network (10.0.0.0/24)", name)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "look up %.60s: %v", name, err)
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	// One host has to be asked once: at its IPv4 address, if it has one.
	slices.SortFunc(found, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return []span{{found[0], found[0]}}, nil
}

// network returns the addresses of a network that hosts can have.
func network(p netip.Prefix) span {
	s := span{first: p.Addr(), last: last(p)}
	if p.Addr().Is4() && p.Bits() < 31 {
		s = span{first: s.first.Next(), last: s.last.Prev()}
	}
	return s
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(bytes) // it has as many as before
	return a
}

// size is how many addresses a span has, or more than mostHosts.
func (s span) size() int {
	first, last := s.first.As16(), s.last.As16()
	n := 0
	for i := range first {
		n = n<<8 + int(last[i]) - int(first[i])
		if n > mostHosts {
			return mostHosts + 1
		}
	}
	return n + 1
}

// merge sorts the spans, and joins those that overlap.
func (r *Reach) merge() {
	slices.SortFunc(r.ranges, func(a, b span) int { return a.first.Compare(b.first) })
	var merged []span
	for _, s := range r.ranges {
		if n := len(merged); n > 0 && s.first.Compare(merged[n-1].last) <= 0 {
			if s.last.Compare(merged[n-1].last) > 0 {
				merged[n-1].last = s.last
			}
			continue
		}
		merged = append(merged, s)
	}
	r.ranges = merged
}

// String says how many there are, for people.
func (r Reach) String() string { return fmt.Sprintf("%d addresses", r.count) }
