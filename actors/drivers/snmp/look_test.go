package snmp_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// aUPS has a few objects, in their order.
func aUPS() []gosnmp.SnmpPDU {
	text := func(oid, text string) gosnmp.SnmpPDU {
		return gosnmp.SnmpPDU{Name: oid, Type: gosnmp.OctetString, Value: []byte(text)}
	}
	return []gosnmp.SnmpPDU{
		text("."+sysDescr, "A power supply\x00"), {Name: "." + sysObjectID, Type: gosnmp.ObjectIdentifier, Value: ".1.3.6.1.4.1.99"},
		{Name: "." + sysUpTime, Type: gosnmp.TimeTicks, Value: uint32(4200)}, text("."+sysName, "ups-1"),
		text(".1.3.6.1.2.1.2.2.1.2.1", "Ethernet 0/1"), text(".1.3.6.1.2.1.2.2.1.2.2", "Ethernet 0/1"), number(".1.3.6.1.2.1.2.2.1.8.1", 1),
		number(".1.3.6.1.2.1.2.2.1.8.2", 2), number(".1.3.6.1.2.1.33.1.2.1.0", 2), number(".1.3.6.1.2.1.33.1.2.4.0", 98), number(".1.3.6.1.2.1.33.1.2.5.0", 273),
		number(".1.3.6.1.2.1.33.1.3.3.1.3.1", 231), number(".1.3.6.1.2.1.33.1.3.3.1.3.2", 232), number(".1.3.6.1.2.1.33.1.4.4.1.5.1", 12),
	}
}

// walkable answers what is asked for next.
func walkable(objects []gosnmp.SnmpPDU) respond {
	return func(request *gosnmp.SnmpPacket) [][]byte {
		if request.PDUType == gosnmp.GetRequest {
			return always(1)(request)
		}
		oid := request.Variables[0].Name
		i := slices.IndexFunc(objects, func(v gosnmp.SnmpPDU) bool { return later(v.Name, oid) })
		most := max(1, int(request.MaxRepetitions))
		switch {
		case i < 0 && request.Version == gosnmp.Version1:
			return [][]byte{datagram(failure(request, gosnmp.NoSuchName, 1))}
		case i < 0:
			return [][]byte{datagram(answerTo(request, gosnmp.SnmpPDU{Name: oid, Type: gosnmp.EndOfMibView}))}
		}
		return [][]byte{datagram(answerTo(request, objects[i:min(i+most, len(objects))]...))}
	}
}

// later compares as agents do: arcs of these tests are of one or two digits.
func later(a, b string) bool {
	pad := func(oid string) []string { return strings.Split(oid, ".") }
	return slices.CompareFunc(pad(a), pad(b), func(x, y string) int {
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	}) > 0
}

// TestLook: an agent says who it is, and what it has can be made a profile of.
func TestLook(t *testing.T) {
	w := startWire(t, walkable(aUPS()))
	for _, version := range []string{"1", "2c"} {
		found, err := snmp.Look(t.Context(), map[string]string{"agent": w.at(), "version": version})
		if err != nil {
			t.Fatal(err)
		}
		if found.Description != "A power supply" || found.ObjectID != "1.3.6.1.4.1.99" || found.Name != "ups-1" || found.Contact != "" {
			t.Errorf("it says that it is %+v", found)
		}
		var got []string
		p := &roostv1.Profile{Id: "p"}
		for _, c := range found.Candidates {
			got = append(got, c.Resource.Name+"="+c.Value.Format())
			p.Resources = append(p.Resources, c.Resource)
		}
		want := []string{
			"up_time=42", "ups.battery_status=normal", "ups.charge=98", "ups.battery_voltage=27.3", "ups.input.1.voltage=231", "ups.input.2.voltage=232",
			"ups.output.1.load=12", "if.Ethernet_0_1.status=up", "if.Ethernet_0_1.status.2=down",
		}
		if !slices.Equal(got, want) {
			t.Errorf("version %s: found %q, want %q", version, got, want)
		}
		d := device("d", "agent="+w.at())
		d.Profile = p
		if err := newDriver().Check(d); err != nil {
			t.Error(err)
		}
	}
}

// TestLookEnds: at an agent that goes round in a circle, and at one that falls silent.
func TestLookEnds(t *testing.T) {
	circle := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		return [][]byte{datagram(answerTo(request, number("."+sysUpTime, 1), number("."+sysDescr, 1)))}
	})
	if _, err := snmp.Look(t.Context(), map[string]string{"agent": circle.at()}); err != nil {
		t.Error(err)
	}
	silent := startWire(t, greeted(func(*gosnmp.SnmpPacket) [][]byte { return nil }))
	began := time.Now()
	if _, err := snmp.Look(t.Context(), map[string]string{"agent": silent.at(), "reply": "200ms"}); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("a look at an agent that fell silent: %v after %v", err, time.Since(began))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := snmp.Look(ended, map[string]string{"agent": silent.at()}); err == nil {
		t.Error("a look whose context has ended found something")
	}
	if _, err := snmp.Look(t.Context(), map[string]string{"host": "x"}); err == nil {
		t.Error("a look at no address")
	}
}

// TestLookAtPeer: at somebody else's agent.
func TestLookAtPeer(t *testing.T) {
	a := startAgent(t)
	began := time.Now()
	found, err := snmp.Look(t.Context(), map[string]string{"agent": a.at, "version": "3", "user": "plain"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%q, %q, %d candidates in %v", found.Description, found.Name, len(found.Candidates), time.Since(began).Round(time.Millisecond))
	if !strings.HasPrefix(found.Description, "Linux") || !strings.HasPrefix(found.ObjectID, "1.3.6.1.4.1.8072") {
		t.Errorf("it says that it is %q, %q", found.Description, found.ObjectID)
	}
	for _, name := range []string{"up_time", "if.lo.status", "if.lo.in", "host.processes"} {
		if !slices.ContainsFunc(found.Candidates, func(c snmp.Candidate) bool { return c.Resource.Name == name }) {
			t.Errorf("it has no %s", name)
		}
	}
}
