package snmp

import (
	"context"
	"errors"
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
	home  engine        // that of the gateway, of version 3
	sort  codec         // reads what any version's messages are from

	mu      sync.Mutex
	hearers map[netip.Addr][]*hearing // by where their messages may be from: of ten thousand, a message is of one
	count   int                       // of hearers
	heard   Heard
}

// Heard counts what arrived at an address for traps and informs.
type Heard struct {
	Taken   uint64 // for a device
	Unknown uint64 // from somewhere where no device is
	Foreign uint64 // from a device, but with another community or user, or not authentic
	Garbage uint64 // not a notification at all
	Astray  uint64 // about informs of version 3 whose sender does not know the gateway yet, or not its clock: he was told
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

// Counted implements [actors.Counter]: what has arrived at all addresses, as [Heard] has it, with heard_ before each name.
func (d *Driver) Counted() map[string]uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.heard
	for _, e := range d.ears {
		e.mu.Lock()
		all.add(e.heard)
		e.mu.Unlock()
	}
	return map[string]uint64{
		"heard_taken": all.Taken, "heard_unknown": all.Unknown, "heard_foreign": all.Foreign,
		"heard_garbage": all.Garbage, "heard_astray": all.Astray, "heard_full": all.Full,
	}
}

func (h *Heard) add(more Heard) {
	h.Taken += more.Taken
	h.Unknown += more.Unknown
	h.Foreign += more.Foreign
	h.Garbage += more.Garbage
	h.Astray += more.Astray
	h.Full += more.Full
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
	h.home = e.home
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, from := range h.from {
		e.hearers[from] = append(e.hearers[from], h)
	}
	e.count++
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
	for _, from := range h.from {
		e.hearers[from] = slices.DeleteFunc(e.hearers[from], func(other *hearing) bool { return other == h })
		if len(e.hearers[from]) == 0 {
			delete(e.hearers, from)
		}
	}
	e.count--
	left := e.count
	e.mu.Unlock()
	if left == 0 {
		delete(d.ears, h.agent.at.traps)
		_ = e.conn.Close()
		<-e.ended
		d.heard.add(e.heard) // nobody else has it any more
	}
}

// resolve returns the addresses that an agent's messages may be from.
func resolve(ctx context.Context, agent string) ([]netip.Addr, error) {
	host, _, _ := net.SplitHostPort(agent)
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrOffline, "find the address of %s, to know its traps: %v", host, err)
	}
	for i := range addresses {
		addresses[i] = plain(addresses[i])
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return slices.Compact(addresses), nil
}

// plain is an address as it is compared.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

func listen(ctx context.Context, at string) (*ear, error) {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", at)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "traps cannot be heard at %s: %v: is it an address of the gateway's machine where nobody else "+
			"listens, and may the gateway listen there, if the port is below 1024?", at, plainly(err))
	}
	e := &ear{conn: conn.(*net.UDPConn), ended: make(chan struct{}), home: homeAt(at), hearers: make(map[netip.Addr][]*hearing)}
	go e.listen()
	return e, nil
}

// plainly is why nobody can listen, without the address, which has been said.
func plainly(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
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

// arrived gives a message to the devices that it is of. A panic, of the library or of the driver, over what anybody may send is no more than a
// message that is none: this goroutine is nobody's session, and would take the gateway with it.
func (e *ear) arrived(datagram []byte, from netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() {
		if recover() != nil {
			e.heard.Garbage++
		}
	}()
	message := e.sort.glance(datagram)
	if message == nil {
		e.heard.Garbage++
		return
	}
	hearers := e.at(e.origin(message, plain(from.Addr())))
	switch {
	case len(hearers) == 0:
		e.heard.Unknown++
	case asks(message):
		e.heard.Astray++
		answer, _ := introduction(message, e.home)
		e.reply(answer, from)
	default:
		e.give(datagram, from, hearers)
	}
}

// give gives a notification to the devices at its origin that understand it.
func (e *ear) give(datagram []byte, from netip.AddrPort, hearers []*hearing) {
	n := &notification{from: from, arrived: time.Now(), reply: e.reply}
	count := &e.heard.Foreign
	for _, h := range hearers {
		message := h.understand(datagram)
		if message == nil {
			continue
		}
		if answer := h.astray(message); answer != nil {
			e.heard.Astray++
			e.reply(answer, from)
			return
		}
		count = &e.heard.Taken
		n.add(h, message)
	}
	if count == &e.heard.Taken && !n.hand() {
		count = &e.heard.Full
	}
	*count++
}

// at returns the devices that are at an address.
func (e *ear) at(origin netip.Addr) []*hearing { return e.hearers[origin] }

// origin returns the address of the device that a message is of: that from which it came, unless it is in a message of version 1 or 2c that
// somebody passed on for a device that we know.
func (e *ear) origin(message *gosnmp.SnmpPacket, source netip.Addr) netip.Addr {
	if message.Version == gosnmp.Version3 {
		return source
	}
	told, err := netip.ParseAddr(agentAddress(message))
	if err == nil && len(e.at(plain(told))) > 0 {
		return plain(told)
	}
	return source
}

// reply sends the answer to an inform. That it arrives is nobody's promise: who hears nothing sends the inform again.
func (e *ear) reply(datagram []byte, to netip.AddrPort) {
	_, _ = e.conn.WriteToUDPAddrPort(datagram, to)
}
