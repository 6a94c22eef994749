package snmp_test

import (
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
)

// TestEmptyTrapEndsNothing: a trap without variables, from anybody, was looked into for its last one, and the panic in the goroutine that
// listens ended the gateway.
func TestEmptyTrapEndsNothing(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1 traps="+at))
	stranger := newSender(t, "127.0.0.3", at)
	for _, kind := range []gosnmp.PDUType{gosnmp.SNMPv2Trap, gosnmp.InformRequest} {
		stranger.send(t, datagram(gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: "nobody", PDUType: kind, RequestID: 1}))
	}
	untilHeard(t, driver, at, func(h snmp.Heard) bool { return h == snmp.Heard{Unknown: 2} })
	newSender(t, "127.0.0.1", at).send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2))))
	one.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
}
