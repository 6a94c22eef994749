package snmp

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxOctets is the longest octet string, by RFC 2578.
const maxOctets = 65535 - 1024 // and the rest of its datagram

// encode returns the variable that writes a value. The error is ErrInvalid if the value does not fit.
func (e *entry) encode(v *roostv1.Value) (gosnmp.SnmpPDU, error) {
	v, err := roostv1.Convert(v, e.resource.GetType())
	if err != nil {
		return gosnmp.SnmpPDU{}, err
	}
	raw, err := e.raw(v)
	return gosnmp.SnmpPDU{Name: e.oid, Type: tags[e.syntax], Value: raw}, err
}

// raw returns the value as the library wants it.
func (e *entry) raw(v *roostv1.Value) (any, error) {
	switch v.Type() {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		n := e.no
		if v.GetBool() {
			n = e.yes
		}
		return e.whole(v, float64(n))
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return e.octets(v, v.GetBytes())
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return e.rawText(v, v.GetString_())
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return e.rawDouble(v, e.scale.Raw(v.GetDouble()))
	}
	switch n, _ := v.Number(); {
	case e.syntax == asOctets:
		return []byte(v.Format()), nil
	case e.syntax == asCounter8 && v.Type() == roostv1.ValueType_VALUE_TYPE_UINT:
		return v.GetUint(), nil
	case e.syntax == asCounter8:
		return uint64(v.GetInt()), e.inRange(v, v.GetInt() >= 0)
	default:
		return e.whole(v, n)
	}
}

// rawDouble returns a number that was scaled.
func (e *entry) rawDouble(v *roostv1.Value, n float64) (any, error) {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return nil, e.inRange(v, false)
	case e.syntax == asFloat:
		return float32(n), e.inRange(v, !math.IsInf(float64(float32(n)), 0))
	case e.syntax == asDouble:
		return n, nil
	case e.syntax == asOctets:
		return strconv.AppendFloat(nil, n, 'f', -1, 64), nil
	case e.syntax == asCounter8:
		n = math.Round(n)
		return uint64(max(n, 0)), e.inRange(v, n >= 0 && n < 1<<64)
	}
	return e.whole(v, math.Round(n))
}

// whole returns a whole number of 32 bits.
func (e *entry) whole(v *roostv1.Value, n float64) (any, error) {
	if e.syntax == asInteger {
		if n < math.MinInt32 || n > math.MaxInt32 {
			return nil, e.inRange(v, false)
		}
		return int(n), nil
	}
	if n < 0 || n > math.MaxUint32 {
		return nil, e.inRange(v, false)
	}
	return uint32(n), nil
}

func (e *entry) rawText(v *roostv1.Value, text string) (any, error) {
	if e.words.given() {
		raw, known := e.words.byWord[text]
		if !known {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s has no %s", e.resource.GetName(), v.Format())
		}
		text = raw
	}
	switch e.syntax {
	case asInteger, asUnsigned:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s is %s, which is no whole number", e.resource.GetName(), text)
		}
		return e.whole(v, float64(n))
	case asOID:
		oid, err := parseOID(text)
		if err != nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s: %v", e.resource.GetName(), err)
		}
		return oid, nil
	case asIP:
		ip, err := netip.ParseAddr(text)
		if err != nil || !ip.Is4() {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s: %q is not an address such as 10.0.0.1", e.resource.GetName(), text)
		}
		return ip.AsSlice(), nil
	case asHex:
		octets, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
		if err != nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s: %q is not octets in hexadecimal, such as 00:1a:2b", e.resource.GetName(), text)
		}
		return e.octets(v, octets)
	}
	return e.octets(v, []byte(text))
}

func (e *entry) octets(v *roostv1.Value, octets []byte) (any, error) {
	return octets, e.inRange(v, len(octets) <= maxOctets)
}

func (e *entry) inRange(v *roostv1.Value, yes bool) error {
	if yes {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrInvalid, "%s is %s, which is no %s", e.resource.GetName(), v.Format(), e.syntax)
}
