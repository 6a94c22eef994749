package snmp_test

import (
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestContractAtTheWire: the driver keeps its contract with an agent that answers all at once.
func TestContractAtTheWire(t *testing.T) {
	w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		if request.PDUType == gosnmp.SetRequest && request.Variables[0].Name != "."+anObject {
			return [][]byte{datagram(failure(request, gosnmp.NotWritable, 1))}
		}
		return always(5)(request)
	})
	set := func(name string, n int64) actors.Action { return actors.Action{Resource: name, Value: roostv1.Int(n)} }
	d := device("d", "agent="+w.at(), resource("r", isInt, "oid="+anObject), resource("fixed", isInt, "oid=1.3.6.1.4.1.99.2.0"))
	drivertest.Run(t, newDriver(), d, drivertest.Options{
		Actions: []actors.Action{set("r", 7)},
		Refused: []actors.Action{set("fixed", 7), set("r", 1<<40)},
		Bad:     []actors.Device{device("d", ""), device("d", "agent="+w.at(), resource("r", isInt, "oid=sysDescr"))},
	})
}
