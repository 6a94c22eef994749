package modbus

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// encoding is what registers are made of.
type encoding string

const (
	asUint16  encoding = "uint16"
	asInt16   encoding = "int16"
	asUint32  encoding = "uint32"
	asInt32   encoding = "int32"
	asUint64  encoding = "uint64"
	asInt64   encoding = "int64"
	asFloat32 encoding = "float32"
	asFloat64 encoding = "float64"
	asText    encoding = "text"
	asBytes   encoding = "bytes"
)

var encodingWords = []string{
	string(asUint16), string(asInt16), string(asUint32), string(asInt32), string(asUint64), string(asInt64),
	string(asFloat32), string(asFloat64), string(asText), string(asBytes),
}

// naturalEncoding is what a type is made of where nothing is said.
func naturalEncoding(t roostv1.ValueType) encoding {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_INT:
		return asInt16
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return asText
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return asBytes
	}
	return asUint16
}

// long reports whether how many registers there are is not in its name.
func (e encoding) long() bool { return e == asText || e == asBytes }

func (e encoding) float() bool { return e == asFloat32 || e == asFloat64 }

func (e encoding) signed() bool { return e == asInt16 || e == asInt32 || e == asInt64 }

// registers is how many a number has.
func (e encoding) registers() int {
	switch e {
	case asUint32, asInt32, asFloat32:
		return 2
	case asUint64, asInt64, asFloat64:
		return 4
	}
	return 1
}

// suits reports whether a value of that type can be made of it.
func (e encoding) suits(t roostv1.ValueType) bool {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return e == asText
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return e == asBytes
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return !e.long()
	case roostv1.ValueType_VALUE_TYPE_INT:
		return !e.long() && !e.float()
	case roostv1.ValueType_VALUE_TYPE_UINT:
		return !e.long() && !e.float() && !e.signed()
	}
	return false
}

// order is that of the bytes of a number, in the letters that manuals use: A is its highest.
type order string

const (
	orderABCD order = "ABCD"
	orderCDAB order = "CDAB" // the lowest register first
	orderBADC order = "BADC" // the lowest byte of each register first
	orderDCBA order = "DCBA" // both
)

// arrange turns registers into the order ABCD, and back: it is its own inverse. Text has no words to swap. What is
// returned may be what was given.
func (o order) arrange(registers []uint16, words bool) []uint16 {
	if o == orderABCD || !words && o == orderCDAB {
		return registers
	}
	arranged := slices.Clone(registers)
	if words && (o == orderCDAB || o == orderDCBA) {
		slices.Reverse(arranged)
	}
	if o == orderBADC || o == orderDCBA {
		for i, r := range arranged {
			arranged[i] = r<<8 | r>>8
		}
	}
	return arranged
}

// kindOf is of which type the values are that decode returns: mostly the resource's.
func (e *entry) kindOf() roostv1.ValueType {
	switch t := e.resource.GetType(); {
	case e.table.bits() || e.bit != noBit:
		return roostv1.ValueType_VALUE_TYPE_BOOL
	case t == roostv1.ValueType_VALUE_TYPE_INT && !e.encoding.signed():
		return roostv1.ValueType_VALUE_TYPE_UINT // one that is too large for an INT is found out by who takes it
	default:
		return t
	}
}

// part is what an entry has in an answer: bits or registers.
type part struct {
	bits      []bool
	registers []uint16
}

// decode returns the value that bits or registers are; nil with the reason if they are none. A number or a BOOL is filled into
// blank, which is one of the entry's kind.
func (e *entry) decode(blank *roostv1.Value, p part) (*roostv1.Value, roostv1.QualityReason) {
	if e.encoding.long() {
		return e.decodeText(e.order.arrange(p.registers, false))
	}
	switch kind := blank.GetKind().(type) {
	case *roostv1.Value_Bool:
		if e.table.bits() {
			kind.Bool = p.bits[0]
		} else {
			kind.Bool = p.registers[0]&(1<<e.bit) != 0
		}
	case *roostv1.Value_Uint:
		kind.Uint = e.unsigned(p.registers)
	case *roostv1.Value_Int:
		kind.Int = e.signed(p.registers)
	case *roostv1.Value_Double:
		kind.Double = e.double(p.registers)
		if math.IsNaN(kind.Double) || math.IsInf(kind.Double, 0) {
			return nil, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
		}
	}
	return blank, 0
}

func (e *entry) decodeText(registers []uint16) (*roostv1.Value, roostv1.QualityReason) {
	raw := make([]byte, 0, 2*len(registers))
	for _, r := range registers {
		raw = binary.BigEndian.AppendUint16(raw, r)
	}
	if e.encoding == asBytes {
		return roostv1.Bytes(raw), 0
	}
	text, _, _ := strings.Cut(string(raw), "\x00")
	if !utf8.ValidString(text) {
		return nil, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
	}
	return roostv1.Text(strings.TrimRight(text, " ")), 0
}

// unsigned, signed and double are what registers are as a number.
func (e *entry) unsigned(registers []uint16) (raw uint64) {
	for _, r := range e.order.arrange(registers, true) {
		raw = raw<<16 | uint64(r)
	}
	return raw
}

func (e *entry) signed(registers []uint16) int64 {
	unused := 64 - 16*len(registers)
	return int64(e.unsigned(registers)<<unused) >> unused
}

func (e *entry) double(registers []uint16) float64 {
	switch {
	case e.encoding == asFloat32:
		return e.scale.Value(float64(math.Float32frombits(uint32(e.unsigned(registers)))))
	case e.encoding == asFloat64:
		return e.scale.Value(math.Float64frombits(e.unsigned(registers)))
	case e.encoding.signed():
		return e.scale.Value(float64(e.signed(registers)))
	}
	return e.scale.Value(float64(e.unsigned(registers)))
}
