package snmp

import (
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
)

// Objects that say what a notification is, by RFC 3416 and RFC 3584.
const (
	trapOID        = ".1.3.6.1.6.3.1.1.4.1.0"
	trapAddress    = ".1.3.6.1.6.3.18.1.3.0"
	trapEnterprise = ".1.3.6.1.6.3.1.1.4.3.0"
	standardTraps  = ".1.3.6.1.6.3.1.1.5."
	enterpriseTrap = 6 // what version 1 calls a trap that only its maker knows
)

// notification is a trap or an inform on its way to the devices that it is of: mostly one.
type notification struct {
	from    netip.AddrPort
	arrived time.Time
	reply   func([]byte, netip.AddrPort)
	parts   []part
	open    atomic.Int64 // parts that are not stored
	inform  bool         // it is to be acknowledged
	answer  []byte       // to an inform
}

// part is what a notification tells one device.
type part struct {
	of      *notification
	hearer  *hearing
	samples []actors.Sample
}

// add adds what a device learns of a message.
func (n *notification) add(h *hearing, message *gosnmp.SnmpPacket) {
	samples := h.samples(objectsOf(message), n.arrived)
	if message.PDUType == gosnmp.InformRequest && !n.inform {
		n.inform, n.answer = true, h.answer(message)
	}
	if len(samples) > 0 {
		n.parts = append(n.parts, part{n, h, samples})
	}
}

// hand queues the parts, and reports whether there was room for all of them. An inform that tells nobody anything is answered at once: the
// device need not keep it.
func (n *notification) hand() bool {
	n.open.Store(int64(len(n.parts)))
	if len(n.parts) == 0 {
		n.acknowledge()
	}
	all := true
	for _, p := range n.parts {
		select {
		case p.hearer.queue <- p:
		default:
			all = false // and never acknowledged
		}
	}
	return all
}

// stored notes that a part is stored. After the last one the device may forget the inform.
func (n *notification) stored() {
	if n.open.Add(-1) == 0 {
		n.acknowledge()
	}
}

func (n *notification) acknowledge() {
	if n.answer != nil {
		n.reply(n.answer, n.from)
	}
}

// objectsOf returns what a notification tells, with what a trap of version 1 says in other places put where later versions have it.
func objectsOf(message *gosnmp.SnmpPacket) []gosnmp.SnmpPDU {
	if message.PDUType != gosnmp.Trap {
		return message.Variables
	}
	id := standardTraps + strconv.Itoa(message.GenericTrap+1)
	if message.GenericTrap == enterpriseTrap {
		id = message.Enterprise + ".0." + strconv.Itoa(message.SpecificTrap)
	}
	return append([]gosnmp.SnmpPDU{
		{Name: upTime, Type: gosnmp.TimeTicks, Value: uint32(message.Timestamp)},
		{Name: trapOID, Type: gosnmp.ObjectIdentifier, Value: id},
		{Name: trapEnterprise, Type: gosnmp.ObjectIdentifier, Value: message.Enterprise},
	}, message.Variables...)
}

// agentAddress returns the address of a device for which somebody else passes on a notification; empty if there is none.
func agentAddress(message *gosnmp.SnmpPacket) string {
	if message.PDUType == gosnmp.Trap {
		return message.AgentAddress
	}
	if v := find(message.Variables, trapAddress, len(message.Variables)-1); v != nil {
		told, _ := v.Value.(string)
		return told
	}
	return ""
}
