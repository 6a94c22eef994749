package modbus_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
)

// resource returns one that can be read and written; the protocol is in words: address=1 order=CDAB.
func resource(name string, t roostv1.ValueType, protocol string) *roostv1.Resource {
	r := &roostv1.Resource{
		Name: name, Type: t, Access: roostv1.Access_ACCESS_READ_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
		Protocol: map[string]string{},
	}
	for _, word := range strings.Fields(protocol) {
		key, value, _ := strings.Cut(word, "=")
		r.Protocol[key] = value
	}
	if slices.Contains([]string{"input", "discrete"}, r.Protocol["table"]) {
		r.Access, r.WriteKind = roostv1.Access_ACCESS_READ, 0
	}
	return r
}

// TestEncodings: the registers of values, as other programs write them.
func TestEncodings(t *testing.T) {
	for _, test := range []struct {
		kind      roostv1.ValueType
		protocol  string
		registers []uint16
		value     *roostv1.Value
	}{
		{isUint, "", []uint16{65535}, roostv1.Uint(65535)},
		{isInt, "", []uint16{65535}, roostv1.Int(-1)},
		{isInt, "encoding=int16 order=DCBA", []uint16{0xFEFF}, roostv1.Int(-2)},
		{isUint, "encoding=uint32", []uint16{0x1234, 0x5678}, roostv1.Uint(0x12345678)},
		{isUint, "encoding=uint32 order=CDAB", []uint16{0x5678, 0x1234}, roostv1.Uint(0x12345678)},
		{isUint, "encoding=uint32 order=BADC", []uint16{0x3412, 0x7856}, roostv1.Uint(0x12345678)},
		{isUint, "encoding=uint32 order=DCBA", []uint16{0x7856, 0x3412}, roostv1.Uint(0x12345678)},
		{isInt, "encoding=int32", []uint16{0xFFFF, 0xFFFE}, roostv1.Int(-2)},
		{isUint, "encoding=uint64", []uint16{1, 2, 3, 4}, roostv1.Uint(0x0001000200030004)},
		{isInt, "encoding=int64 order=CDAB", []uint16{0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF}, roostv1.Int(-2)},
		{isDouble, "encoding=float32", []uint16{0x42F6, 0xE979}, roostv1.Double(float64(float32(123.456)))},
		{isDouble, "encoding=float32 order=CDAB", []uint16{0xE979, 0x42F6}, roostv1.Double(float64(float32(123.456)))},
		{isDouble, "encoding=float64", []uint16{0x405E, 0xDD2F, 0x1A9F, 0xBE77}, roostv1.Double(123.456)},
		{isDouble, "encoding=int16 scale=0.1", []uint16{0xFF38}, roostv1.Double(-20)},
		{isDouble, "scale=0.1", []uint16{499}, roostv1.Double(49.9)},
		{isDouble, "scale=0.1 offset=-40", []uint16{499}, roostv1.Double(9.9)},
		{isDouble, "scale=0.5 offset=-40", []uint16{130}, roostv1.Double(25)},
		{isBool, "bit=3", []uint16{8}, roostv1.Bool(true)},
		{isText, "length=3", []uint16{0x414B, 0x3100, 0}, roostv1.Text("AK1")},
		{isText, "length=2 order=BADC", []uint16{0x4B41, 0x0031}, roostv1.Text("AK1")},
		{isBytes, "length=1", []uint16{0x00FF}, roostv1.Bytes([]byte{0, 255})},
	} {
		r := resource("r", test.kind, "address=5 "+test.protocol)
		t.Run(fmt.Sprintf("%s %s", test.kind.Word(), test.protocol), func(t *testing.T) {
			got, reason := modbus.Decoded(r, test.registers)
			if !roostv1.EqualValues(got, test.value) {
				t.Errorf("%04x is %v (%v), want %v", test.registers, got.Format(), reason, test.value.Format())
			}
			request, err := modbus.Written(r, test.value)
			if err != nil {
				t.Fatal(err)
			}
			if request.Address != 5 || test.kind != isBool && !slices.Equal(request.Registers, test.registers) {
				t.Errorf("%s is written as %+v, want %04x", test.value.Format(), request, test.registers)
			}
		})
	}
}

// TestWrittenIsRead: what is written is what is read, for every encoding and order.
func TestWrittenIsRead(t *testing.T) {
	kinds := map[string]roostv1.ValueType{
		"uint16": isUint, "uint32": isUint, "uint64": isUint, "int16": isInt, "int32": isInt, "int64": isInt,
		"float32": isDouble, "float64": isDouble,
	}
	rapid.Check(t, func(t *rapid.T) {
		encoding := rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(t, "encoding")
		order := rapid.SampledFrom([]string{"ABCD", "CDAB", "BADC", "DCBA"}).Draw(t, "order")
		r := resource("r", kinds[encoding], "address=0 encoding="+encoding+" order="+order)
		registers := make([]uint16, map[bool]int{true: 4}[strings.HasSuffix(encoding, "64")])
		if len(registers) == 0 {
			registers = make([]uint16, map[bool]int{true: 2, false: 1}[strings.HasSuffix(encoding, "32")])
		}
		for i := range registers {
			registers[i] = rapid.Uint16().Draw(t, "register")
		}
		value, reason := modbus.Decoded(r, registers)
		if value == nil {
			if reason != roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR || !strings.HasPrefix(encoding, "float") {
				t.Fatalf("%04x is nothing, for %v", registers, reason)
			}
			return
		}
		request, err := modbus.Written(r, value)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(request.Registers, registers) {
			t.Errorf("%04x is %s, which is written as %04x", registers, value.Format(), request.Registers)
		}
	})
}

// TestDoesNotFit: a value that its registers cannot hold is not sent as another one.
func TestDoesNotFit(t *testing.T) {
	for _, test := range []struct {
		kind     roostv1.ValueType
		protocol string
		values   []*roostv1.Value
	}{
		{isUint, "", []*roostv1.Value{roostv1.Uint(65536), roostv1.Int(-1)}},
		{isInt, "", []*roostv1.Value{roostv1.Int(32768), roostv1.Int(-32769)}},
		{isInt, "encoding=uint16", []*roostv1.Value{roostv1.Int(65536), roostv1.Int(-1)}},
		{isInt, "encoding=int32", []*roostv1.Value{roostv1.Int(1 << 31), roostv1.Int(-1<<31 - 1)}},
		{isDouble, "", []*roostv1.Value{roostv1.Double(65535.6), roostv1.Double(-1), roostv1.Double(1e300)}},
		{isDouble, "encoding=int16 scale=0.1", []*roostv1.Value{roostv1.Double(3277), roostv1.Double(-3277)}},
		{isDouble, "encoding=uint64", []*roostv1.Value{roostv1.Double(math.Ldexp(1, 64)), roostv1.Double(-1)}},
		{isDouble, "encoding=int64", []*roostv1.Value{roostv1.Double(math.Ldexp(1, 63)), roostv1.Double(-math.Ldexp(1, 63) * 1.1)}},
		{isDouble, "encoding=float32", []*roostv1.Value{roostv1.Double(1e39)}},
		{isDouble, "encoding=float64 scale=1e-10", []*roostv1.Value{roostv1.Double(1e300)}},
		{isText, "length=1", []*roostv1.Value{roostv1.Text("abc")}},
		{isBytes, "length=1", []*roostv1.Value{roostv1.Bytes([]byte{1})}},
		{isBool, "bit=1", []*roostv1.Value{roostv1.Uint(1)}},
	} {
		for _, v := range test.values {
			if request, err := modbus.Written(resource("r", test.kind, "address=0 "+test.protocol), v); err == nil {
				t.Errorf("%s as %s is written as %+v", v.Format(), test.protocol, request)
			}
		}
	}
}

// TestHowItIsWritten: which function writes what.
func TestHowItIsWritten(t *testing.T) {
	for _, test := range []struct {
		kind     roostv1.ValueType
		protocol string
		value    *roostv1.Value
		want     frame.Request
	}{
		{isBool, "table=coil", roostv1.Bool(true), frame.Request{Function: frame.WriteCoil, Bits: []bool{true}}},
		{isBool, "table=coil write=multiple", roostv1.Bool(true), frame.Request{Function: frame.WriteCoils, Bits: []bool{true}}},
		{isUint, "", roostv1.Uint(7), frame.Request{Function: frame.WriteRegister, Registers: []uint16{7}}},
		{isUint, "write=multiple", roostv1.Uint(7), frame.Request{Function: frame.WriteRegisters, Registers: []uint16{7}}},
		{isUint, "encoding=uint32", roostv1.Uint(7), frame.Request{Function: frame.WriteRegisters, Registers: []uint16{0, 7}}},
		{isBool, "bit=15", roostv1.Bool(true), frame.Request{Function: frame.MaskWriteRegister, And: 0x7FFF, Or: 0x8000}},
		{isBool, "bit=0", roostv1.Bool(false), frame.Request{Function: frame.MaskWriteRegister, And: 0xFFFE}},
	} {
		got, err := modbus.Written(resource("r", test.kind, "address=0x10 "+test.protocol), test.value)
		test.want.Address = 16
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(test.want) {
			t.Errorf("%s is written with %+v, %v, want %+v", test.protocol, got, err, test.want)
		}
	}
}

// TestNoValue: what is no text and no number has no value.
func TestNoValue(t *testing.T) {
	for _, test := range []struct {
		kind      roostv1.ValueType
		protocol  string
		registers []uint16
	}{
		{isText, "length=1", []uint16{0xFF41}},
		{isDouble, "encoding=float32", []uint16{0x7FC0, 0}},
		{isDouble, "encoding=float32", []uint16{0xFF80, 0}},
		{isDouble, "encoding=float64 scale=10", []uint16{0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF}},
	} {
		got, reason := modbus.Decoded(resource("r", test.kind, "address=0 "+test.protocol), test.registers)
		if got != nil || reason != roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR {
			t.Errorf("%04x as %s is %s for %v, want no value", test.registers, test.protocol, got.Format(), reason)
		}
	}
}
