package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ear is where devices send their traps and informs to. All devices that name the same address share it, whoever of them is meant shows in
// where a message is from.
type ear struct {
	conn  *net.UDPConn
	ended chan struct{} // closed when nobody listens any more
	sort  codec         // reads what any version's messages are from

	mu      sync.Mutex
	hearers []*hearing
	heard   Heard
}

// Heard counts what arrived at an address for traps and informs.
type Heard struct {
	Taken   uint64 // for a device
	Unknown uint64 // from somewhere where no device is
	Foreign uint64 // from a device, but with another community or user, or not authentic
	Garbage uint64 // not a notification at all
	Full    uint64 // that a device had no room for: its readings are not taken fast enough
}

// earPause is how long is waited after a failure to receive, of which there may be many.
const earPause = 10 * time.Millisecond

// Heard returns what has arrived at an address so far; nothing if no open session has it.
func (d *Driver) Heard(address string) Heard {
	d.mu.Lock()
	e := d.ears[address]
	d.mu.Unlock()
	if e == nil {
		return Heard{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard
}

// hear makes a session one that hears what its device sends.
func (d *Driver) hear(ctx context.Context, s *session) (*hearing, error) {
	from, err := resolve(ctx, s.agent.at.agent)
	if err != nil {
		return nil, err
	}
	h := newHearing(s, d, from)
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.ears[s.agent.at.traps]
	if e == nil {
		if e, err = listen(ctx, s.agent.at.traps); err != nil {
			return nil, err
		}
		if d.ears == nil {
			d.ears = make(map[string]*ear)
		}
		d.ears[s.agent.at.traps] = e
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hearers = append(e.hearers, h)
	return h, nil
}

// unhear ends that. The last one closes the ear.
func (d *Driver) unhear(h *hearing) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.ears[h.agent.at.traps]
	if e == nil {
		return
	}
	e.mu.Lock()
	e.hearers = slices.DeleteFunc(e.hearers, func(other *hearing) bool { return other == h })
	left := len(e.hearers)
	e.mu.Unlock()
	if left == 0 {
		delete(d.ears, h.agent.at.traps)
		_ = e.conn.Close()
		<-e.ended
	}
}

// resolve returns where an agent's messages are from.
func resolve(ctx context.Context, agent string) (netip.Addr, error) {
	host, _, _ := net.SplitHostPort(agent)
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		return netip.Addr{}, roostv1.Errorf(roostv1.ErrOffline, "find the address of %s, to know its traps: %v", host, err)
	}
	return addresses[0].Unmap().WithZone(""), nil
}

func listen(ctx context.Context, at string) (*ear, error) {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", at)
	if err != nil {
		return nil, fmt.Errorf("listen for traps: %w", err)
	}
	e := &ear{conn: conn.(*net.UDPConn), ended: make(chan struct{})}
	go e.listen()
	return e, nil
}

// listen takes what arrives until the socket is closed. It waits for nobody.
func (e *ear) listen() {
	defer close(e.ended)
	buffer := make([]byte, math.MaxUint16)
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // about a message of ours that did not arrive
			<-time.After(earPause)
		default:
			e.arrived(buffer[:n], from)
		}
	}
}

// arrived gives a message to the devices that it is of.
func (e *ear) arrived(datagram []byte, from netip.AddrPort) {
	source := from.Addr().Unmap().WithZone("")
	e.mu.Lock()
	defer e.mu.Unlock()
	origin, ok := e.origin(datagram, source)
	if !ok {
		e.heard.Garbage++
		return
	}
	hearers := e.at(origin)
	if len(hearers) == 0 {
		e.heard.Unknown++
		return
	}
	n := &notification{from: from, arrived: time.Now(), reply: e.reply}
	understood := false
	for _, h := range hearers {
		message, ok := h.understand(datagram)
		if !ok {
			continue
		}
		understood = true
		n.add(h, message)
	}
	switch {
	case !understood:
		e.heard.Foreign++
	case !n.hand():
		e.heard.Full++
	default:
		e.heard.Taken++
	}
}

// at returns the devices that are at an address.
func (e *ear) at(origin netip.Addr) []*hearing {
	var found []*hearing
	for _, h := range e.hearers {
		if h.from == origin {
			found = append(found, h)
		}
	}
	return found
}

// origin returns the address of the device that a message is of: that from which it came, unless it is in a message of version 1 or 2c that
// somebody passed on for a device that we know.
func (e *ear) origin(datagram []byte, source netip.Addr) (netip.Addr, bool) {
	message, ok := e.sort.glance(datagram)
	if !ok {
		return netip.Addr{}, false
	}
	if message.Version == gosnmp.Version3 {
		return source, true
	}
	if told, err := netip.ParseAddr(agentAddress(message)); err == nil && len(e.at(told)) > 0 {
		return told, true
	}
	return source, true
}

// reply sends the answer to an inform. That it arrives is nobody's promise: who hears nothing sends the inform again.
func (e *ear) reply(datagram []byte, to netip.AddrPort) {
	_, _ = e.conn.WriteToUDPAddrPort(datagram, to)
}
