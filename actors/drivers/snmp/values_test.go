package snmp_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestDecoded: what the agent has, and what it is.
func TestDecoded(t *testing.T) {
	const bad = "DECODE_ERROR"
	octets := func(text string) gosnmp.SnmpPDU { return gosnmp.SnmpPDU{Type: gosnmp.OctetString, Value: []byte(text)} }
	integer := func(n int) gosnmp.SnmpPDU { return gosnmp.SnmpPDU{Type: gosnmp.Integer, Value: n} }
	for _, test := range []struct {
		kind     roostv1.ValueType
		protocol string
		object   gosnmp.SnmpPDU
		want     string
	}{
		{isInt, "", integer(-7), "-7"},
		{isInt, "", octets(" 42\x00"), "42"},
		{isInt, "", octets("n/a"), bad},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.Counter64, Value: uint64(math.MaxUint64)}, "18446744073709551615"},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.Counter32, Value: uint(4294967295)}, "4294967295"},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.TimeTicks, Value: uint32(123)}, "123"},
		{isUint, "", octets("18446744073709551615"), "18446744073709551615"},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.Null}, bad},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.NoSuchObject}, "NOT_CONNECTED"},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.NoSuchInstance}, "NOT_CONNECTED"},
		{isUint, "", gosnmp.SnmpPDU{Type: gosnmp.EndOfMibView}, "NOT_CONNECTED"},
		{isDouble, "scale=0.1 offset=-5", integer(231), "18.1"}, {isDouble, "scale=0.1", integer(499), "49.9"},
		{isDouble, "", octets("0.25"), "0.25"},
		{isDouble, "", octets("NaN"), bad},
		{isDouble, "", gosnmp.SnmpPDU{Type: gosnmp.OpaqueFloat, Value: float32(0.5)}, "0.5"},
		{isDouble, "", gosnmp.SnmpPDU{Type: gosnmp.OpaqueDouble, Value: math.Inf(1)}, bad},
		{isDouble, "", gosnmp.SnmpPDU{Type: gosnmp.ObjectIdentifier, Value: ".1.3"}, bad},
		{isBool, "", integer(1), "true"}, {isBool, "", integer(2), "false"}, {isBool, "", integer(0), bad},
		{isBool, "true=5 false=0", gosnmp.SnmpPDU{Type: gosnmp.Gauge32, Value: uint(5)}, "true"},
		{isBool, "bit=3", integer(8), "true"}, {isBool, "bit=2", integer(8), "false"}, {isBool, "bit=63", integer(-1), "true"},
		{isBool, "bit=64", integer(-1), "false"}, {isBool, "bit=1", octets("\x40"), "true"}, {isBool, "bit=9", octets("\x00\x40"), "true"},
		{isBool, "bit=9", octets("\x40"), "false"}, {isBool, "", octets("on"), bad}, {isBool, "", gosnmp.SnmpPDU{Type: gosnmp.Null}, bad},
		{isText, "", octets("Kessel 1\x00\x00"), `"Kessel 1"`}, {isText, "", octets("\xff\xfe"), bad}, {isText, "type=hex", octets("\x00\x1a\xff"), "001aff"},
		{isText, "", gosnmp.SnmpPDU{Type: gosnmp.ObjectIdentifier, Value: ".1.3.6"}, "1.3.6"},
		{isText, "", gosnmp.SnmpPDU{Type: gosnmp.IPAddress, Value: "10.0.0.1"}, "10.0.0.1"}, {isText, "", gosnmp.SnmpPDU{Type: gosnmp.IPAddress}, bad},
		{isText, "", integer(3), "3"}, {isText, "words=1=low,2=high", integer(2), "high"}, {isText, "words=1=low,2=high", integer(3), bad},
		{isText, "words=1.3.6=down", gosnmp.SnmpPDU{Type: gosnmp.ObjectIdentifier, Value: ".1.3.6"}, "down"},
		{isBytes, "", octets("\xff\x00"), roostv1.Bytes([]byte{0xff, 0}).Format()}, {isBytes, "", integer(1), bad},
	} {
		value, reason := snmp.Decoded(reading("r", test.kind, "oid=1.3.6 "+test.protocol), test.object)
		got := value.Format()
		if value == nil {
			got = strings.TrimPrefix(reason.String(), "QUALITY_REASON_")
		}
		if got != test.want {
			t.Errorf("%v %s of %v %v is %s, want %s", test.kind, test.protocol, test.object.Type, test.object.Value, got, test.want)
		}
	}
}

// TestWritten: a value, and what the agent is sent.
func TestWritten(t *testing.T) {
	for _, test := range []struct {
		kind     roostv1.ValueType
		protocol string
		value    *roostv1.Value
		as       gosnmp.Asn1BER
		want     any // nil: it does not fit
	}{
		{isInt, "", roostv1.Int(-5), gosnmp.Integer, -5}, {isInt, "", roostv1.Int(math.MaxInt32), gosnmp.Integer, math.MaxInt32},
		{isInt, "", roostv1.Int(math.MaxInt32 + 1), gosnmp.Integer, nil}, {isInt, "type=unsigned", roostv1.Int(-1), gosnmp.Gauge32, nil},
		{isInt, "type=octets", roostv1.Int(-5), gosnmp.OctetString, []byte("-5")}, {isInt, "type=counter64", roostv1.Int(-5), gosnmp.Counter64, nil},
		{isUint, "", roostv1.Uint(math.MaxUint32), gosnmp.Gauge32, uint32(math.MaxUint32)}, {isUint, "", roostv1.Uint(1 << 32), gosnmp.Gauge32, nil},
		{isUint, "type=counter64", roostv1.Uint(math.MaxUint64), gosnmp.Counter64, uint64(math.MaxUint64)},
		{isUint, "type=ticks", roostv1.Uint(7), gosnmp.TimeTicks, uint32(7)}, {isUint, "type=counter", roostv1.Uint(7), gosnmp.Counter32, uint32(7)},
		{isDouble, "scale=0.1", roostv1.Double(23.04), gosnmp.Integer, 230},
		{isDouble, "scale=0.1 offset=-40 type=double", roostv1.Double(9.9), gosnmp.OpaqueDouble, 499.0}, {isDouble, "scale=1e-9", roostv1.Double(23), gosnmp.Integer, nil},
		{isDouble, "type=float", roostv1.Double(0.5), gosnmp.OpaqueFloat, float32(0.5)}, {isDouble, "type=float", roostv1.Double(1e300), gosnmp.OpaqueFloat, nil},
		{isDouble, "type=double", roostv1.Double(0.1), gosnmp.OpaqueDouble, 0.1}, {isDouble, "type=octets", roostv1.Double(0.1), gosnmp.OctetString, []byte("0.1")},
		{isDouble, "type=counter64", roostv1.Double(-1), gosnmp.Counter64, nil}, {isDouble, "type=counter64", roostv1.Double(5), gosnmp.Counter64, uint64(5)},
		{isBool, "", roostv1.Bool(true), gosnmp.Integer, 1}, {isBool, "", roostv1.Bool(false), gosnmp.Integer, 2},
		{isBool, "true=1 false=0 type=unsigned", roostv1.Bool(false), gosnmp.Gauge32, uint32(0)},
		{isText, "", roostv1.Text("Süd"), gosnmp.OctetString, []byte("Süd")}, {isText, "type=hex", roostv1.Text("00:1A:ff"), gosnmp.OctetString, []byte{0, 0x1a, 0xff}},
		{isText, "type=hex", roostv1.Text("0g"), gosnmp.OctetString, nil}, {isText, "type=oid", roostv1.Text("1.3.6"), gosnmp.ObjectIdentifier, ".1.3.6"},
		{isText, "type=oid", roostv1.Text("sysDescr"), gosnmp.ObjectIdentifier, nil}, {isText, "type=ip", roostv1.Text("10.0.0.1"), gosnmp.IPAddress, []byte{10, 0, 0, 1}},
		{isText, "type=ip", roostv1.Text("::1"), gosnmp.IPAddress, nil}, {isText, "words=1=on,2=off", roostv1.Text("off"), gosnmp.Integer, 2},
		{isText, "words=1=on,2=off", roostv1.Text("ajar"), gosnmp.Integer, nil}, {isText, "words=1.3.6=x type=oid", roostv1.Text("x"), gosnmp.ObjectIdentifier, ".1.3.6"},
		{isText, "words=1.3.6=x", roostv1.Text("x"), gosnmp.Integer, nil}, {isBytes, "", roostv1.Bytes([]byte{1}), gosnmp.OctetString, []byte{1}},
		{isBytes, "", roostv1.Bytes(make([]byte, 65000)), gosnmp.OctetString, nil}, {isInt, "", roostv1.Text("5"), gosnmp.Integer, nil},
	} {
		name := fmt.Sprintf("%v %s %.40s", test.kind, test.protocol, test.value.Format())
		got, err := snmp.Written(resource("r", test.kind, "oid=1.3.6 "+test.protocol), test.value)
		switch {
		case test.want == nil:
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
		case err != nil || got.Type != test.as || !reflect.DeepEqual(got.Value, test.want) || got.Name != ".1.3.6":
			t.Errorf("%s: %v %v %#v, %v; want %v %#v", name, got.Name, got.Type, got.Value, err, test.as, test.want)
		}
	}
}
