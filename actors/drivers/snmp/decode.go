package snmp

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const undecodable = roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR

// decode returns the value that the agent gave; nil with the reason if it is none.
func (e *entry) decode(v *gosnmp.SnmpPDU) (*roostv1.Value, roostv1.QualityReason) {
	switch v.Type {
	case gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView:
		return nil, roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED
	}
	var value *roostv1.Value
	switch e.resource.GetType() {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		value = e.decodeBool(v)
	case roostv1.ValueType_VALUE_TYPE_STRING:
		value = e.decodeText(v)
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		if octets, ok := v.Value.([]byte); ok {
			value = roostv1.Bytes(bytes.Clone(octets)) // and not the whole datagram with them
		}
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		value = e.decodeDouble(v)
	default:
		value = number(v)
	}
	if value == nil {
		return nil, undecodable
	}
	return value, 0
}

// number returns the number that a variable is; nil if it is none. Text counts, if it is nothing but a number.
func number(v *gosnmp.SnmpPDU) *roostv1.Value {
	switch n := v.Value.(type) {
	case int:
		return roostv1.Int(int64(n))
	case uint:
		return roostv1.Uint(uint64(n))
	case uint32:
		return roostv1.Uint(uint64(n))
	case uint64:
		return roostv1.Uint(n)
	case float32:
		return roostv1.Double(float64(n))
	case float64:
		return roostv1.Double(n)
	case []byte:
		return numberOf(strings.TrimSpace(textOf(n)))
	}
	return nil
}

func numberOf(text string) *roostv1.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return roostv1.Int(n)
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return roostv1.Uint(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return roostv1.Double(f)
	}
	return nil
}

func (e *entry) decodeDouble(v *gosnmp.SnmpPDU) *roostv1.Value {
	raw, ok := number(v).Number()
	if !ok {
		return nil
	}
	value := e.scale.Value(raw)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return roostv1.Double(value)
}

func (e *entry) decodeBool(v *gosnmp.SnmpPDU) *roostv1.Value {
	if octets, ok := v.Value.([]byte); ok && e.bit != noBit {
		return roostv1.Bool(bitOf(octets, e.bit))
	}
	n := number(v)
	switch {
	case n.Type() == roostv1.ValueType_VALUE_TYPE_UNSPECIFIED || n.Type() == roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return nil
	case e.bit != noBit:
		return roostv1.Bool(e.bit < 64 && bitsOf(n)>>e.bit&1 == 1)
	case roostv1.EqualValues(n, roostv1.Int(int64(e.yes))):
		return roostv1.Bool(true)
	case roostv1.EqualValues(n, roostv1.Int(int64(e.no))):
		return roostv1.Bool(false)
	}
	return nil
}

// bitOf returns a bit of BITS, whose first one is the highest of the first octet. Those that were left out are zero.
func bitOf(octets []byte, bit int) bool {
	return bit/8 < len(octets) && octets[bit/8]&(0x80>>(bit%8)) != 0
}

func bitsOf(n *roostv1.Value) uint64 {
	if n.Type() == roostv1.ValueType_VALUE_TYPE_INT {
		return uint64(n.GetInt())
	}
	return n.GetUint()
}

func (e *entry) decodeText(v *gosnmp.SnmpPDU) *roostv1.Value {
	text, ok := e.text(v)
	if ok && e.words.given() {
		text, ok = e.words.byRaw[text]
	}
	if !ok {
		return nil
	}
	return roostv1.Text(text)
}

// text returns a variable as people write it.
func (e *entry) text(v *gosnmp.SnmpPDU) (string, bool) {
	switch raw := v.Value.(type) {
	case []byte:
		if e.syntax == asHex {
			return hex.EncodeToString(raw), true
		}
		text := textOf(raw)
		return text, utf8.ValidString(text)
	case string: // an object identifier, or an address
		if v.Type == gosnmp.ObjectIdentifier {
			raw = plainOID(raw)
		}
		return raw, true
	}
	n := number(v)
	return n.Format(), n != nil
}

// textOf returns text without the zeros that some agents end it with.
func textOf(octets []byte) string { return string(bytes.TrimRight(octets, "\x00")) }
