package snmp

import (
	"math"
	"strconv"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// syntax is the type that a value has at the agent. What is read shows its own; what is written needs it.
type syntax string

const (
	asInteger  syntax = "integer"
	asUnsigned syntax = "unsigned"
	asTicks    syntax = "ticks"
	asCounter  syntax = "counter"
	asCounter8 syntax = "counter64"
	asFloat    syntax = "float"
	asDouble   syntax = "double"
	asOctets   syntax = "octets"
	asHex      syntax = "hex"
	asOID      syntax = "oid"
	asIP       syntax = "ip"
)

var syntaxWords = []string{
	string(asInteger), string(asUnsigned), string(asTicks), string(asCounter), string(asCounter8), string(asFloat), string(asDouble),
	string(asOctets), string(asHex), string(asOID), string(asIP),
}

var tags = map[syntax]gosnmp.Asn1BER{
	asInteger: gosnmp.Integer, asUnsigned: gosnmp.Gauge32, asTicks: gosnmp.TimeTicks, asCounter: gosnmp.Counter32, asCounter8: gosnmp.Counter64,
	asFloat: gosnmp.OpaqueFloat, asDouble: gosnmp.OpaqueDouble,
	asOctets: gosnmp.OctetString, asHex: gosnmp.OctetString, asOID: gosnmp.ObjectIdentifier, asIP: gosnmp.IPAddress,
}

// naturalSyntax is what a type is made of where nothing is said.
func naturalSyntax(t roostv1.ValueType, w words) syntax {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_UINT:
		return asUnsigned
	case roostv1.ValueType_VALUE_TYPE_STRING:
		if !w.given() {
			return asOctets
		}
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return asOctets
	}
	return asInteger
}

func (s syntax) number() bool {
	switch s {
	case asInteger, asUnsigned, asTicks, asCounter, asCounter8:
		return true
	}
	return false
}

func (s syntax) float() bool { return s == asFloat || s == asDouble }

// suits reports whether a value of that type is made of it.
func (s syntax) suits(t roostv1.ValueType, w words) bool {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		return s == asInteger || s == asUnsigned
	case roostv1.ValueType_VALUE_TYPE_INT, roostv1.ValueType_VALUE_TYPE_UINT:
		return s.number() || s == asOctets // agents write numbers as text, too
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return s.number() || s.float() || s == asOctets
	case roostv1.ValueType_VALUE_TYPE_STRING:
		if w.given() {
			return s == asInteger || s == asUnsigned || s == asOID
		}
		return s == asOctets || s == asHex || s == asOID || s == asIP
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return s == asOctets
	}
	return false
}

// has reports whether a whole number is in the range of an integer or an unsigned.
func (s syntax) has(n int64) bool {
	switch s {
	case asInteger:
		return n >= math.MinInt32 && n <= math.MaxInt32
	case asUnsigned:
		return n >= 0 && n <= math.MaxUint32
	}
	return true
}

// hasText likewise, of a number or an object identifier as text.
func (s syntax) hasText(raw string) bool {
	n, err := strconv.ParseInt(raw, 10, 64)
	if s == asOID {
		return err != nil
	}
	return err == nil && s.has(n)
}
