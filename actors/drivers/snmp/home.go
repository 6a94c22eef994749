package snmp

import (
	"crypto/sha256"
	"os"
	"time"

	"github.com/gosnmp/gosnmp"
)

// Informs of version 3 are written for the engine of who gets them, which is asked for its name and clock first. So an address for traps is an
// engine. Its name is the same after a restart, and its clock has then started once more: who knows it from before is told so.

// firstBoot is when engines had not started yet. That of today has started as often as seconds have passed since then.
var firstBoot = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// namedByOctets begins the name of an engine, by RFC 3411, whose maker has no number: what follows are octets of its own.
const namedByOctets = "\x80\x00\x00\x00\x05"

// window is how far a clock may be off, by RFC 3414, in seconds.
const window = 150

// homeAt returns the engine of an address that is listened at.
func homeAt(address string) engine {
	host, _ := os.Hostname()
	sum := sha256.Sum256([]byte(host + "\x00" + address))
	boots := max(1, time.Since(firstBoot)/time.Second) // a clock that was never set has started once
	return engine{id: namedByOctets + string(sum[:12]), boots: uint32(boots), heard: time.Now()}
}

// astray returns what is answered to an inform of version 3 that was written for another engine, or long ago; nil if it was not.
func (h *hearing) astray(message *gosnmp.SnmpPacket) []byte {
	if message.Version != gosnmp.Version3 || message.PDUType != gosnmp.InformRequest {
		return nil
	}
	to, _ := engineOf(message)
	var datagram []byte
	switch off := int64(to.time) - int64(h.home.now()); {
	case to.id != h.home.id:
		datagram, _ = introduction(message, h.home)
	case message.MsgFlags&gosnmp.AuthNoPriv != 0 && (to.boots != h.home.boots || max(off, -off) > window):
		datagram, _ = h.reply(message, gosnmp.Report, gosnmp.AuthNoPriv, []gosnmp.SnmpPDU{reportTime.variable()})
	}
	return datagram
}

// reply answers a notification, in the name of the gateway's engine.
func (h *hearing) reply(to *gosnmp.SnmpPacket, kind gosnmp.PDUType, flags gosnmp.SnmpV3MsgFlags, variables []gosnmp.SnmpPDU) ([]byte, error) {
	if h.codec.user != nil {
		if err := h.home.tell(h.codec.user); err != nil {
			return nil, err
		}
	}
	return h.codec.reply(to, kind, flags, variables)
}

// asks tells whether a message of version 3 asks who the gateway is: it names no engine.
func asks(message *gosnmp.SnmpPacket) bool {
	of, ok := message.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	return ok && message.Version == gosnmp.Version3 && message.MsgFlags&gosnmp.Reportable != 0 && len(of.AuthoritativeEngineID) < minEngine
}
