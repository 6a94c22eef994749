package modbus

import (
	"encoding/binary"
	"math"

	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// request returns the request that writes a value. The error is ErrInvalid if the value does not fit.
func (e *entry) request(v *roostv1.Value) (*frame.Request, error) {
	v, err := roostv1.Convert(v, e.resource.GetType())
	if err != nil {
		return nil, err
	}
	switch {
	case e.table.bits():
		return e.bitRequest(v.GetBool()), nil
	case e.bit != noBit:
		mask := uint16(1) << e.bit
		r := &frame.Request{Function: frame.MaskWriteRegister, Address: e.address, And: ^mask}
		if v.GetBool() {
			r.Or = mask
		}
		return r, nil
	}
	registers, err := e.encode(v)
	if err != nil {
		return nil, err
	}
	function := frame.WriteRegisters
	if len(registers) == 1 && e.write != writeMultiple {
		function = frame.WriteRegister
	}
	return &frame.Request{Function: function, Address: e.address, Registers: registers}, nil
}

func (e *entry) bitRequest(on bool) *frame.Request {
	function := frame.WriteCoil
	if e.write == writeMultiple {
		function = frame.WriteCoils
	}
	return &frame.Request{Function: function, Address: e.address, Bits: []bool{on}}
}

// encode returns the registers that a value is.
func (e *entry) encode(v *roostv1.Value) ([]uint16, error) {
	switch e.encoding {
	case asText:
		return e.encodeText([]byte(v.GetString_()))
	case asBytes:
		return e.encodeText(v.GetBytes())
	}
	raw, err := e.raw(v)
	if err != nil {
		return nil, err
	}
	registers := make([]uint16, e.count)
	for i := range registers {
		registers[i] = uint16(raw >> (16 * (e.count - 1 - i)))
	}
	return e.order.arrange(registers, true), nil
}

// encodeText fills registers with text, and what is left of them with zeros.
func (e *entry) encodeText(text []byte) ([]uint16, error) {
	room := 2 * e.count
	if len(text) > room || e.encoding == asBytes && len(text) != room {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s has %d bytes, and not %d", e.resource.GetName(), room, len(text))
	}
	padded := make([]byte, room)
	copy(padded, text)
	registers := make([]uint16, e.count)
	for i := range registers {
		registers[i] = binary.BigEndian.Uint16(padded[2*i:])
	}
	return e.order.arrange(registers, false), nil
}

// raw returns the bits of a number.
func (e *entry) raw(v *roostv1.Value) (uint64, error) {
	switch v.Type() {
	case roostv1.ValueType_VALUE_TYPE_UINT:
		return v.GetUint(), e.inRange(v, v.GetUint() <= e.highest())
	case roostv1.ValueType_VALUE_TYPE_INT:
		n := v.GetInt()
		if !e.encoding.signed() {
			return uint64(n), e.inRange(v, n >= 0 && uint64(n) <= e.highest())
		}
		return uint64(n), e.inRange(v, n >= e.lowest() && (n < 0 || uint64(n) <= e.highest()))
	}
	value := e.scale.Raw(v.GetDouble())
	switch {
	case e.encoding == asFloat64:
		return math.Float64bits(value), e.inRange(v, !math.IsInf(value, 0))
	case e.encoding == asFloat32:
		return uint64(math.Float32bits(float32(value))), e.inRange(v, !math.IsInf(float64(float32(value)), 0))
	}
	return e.rounded(v, math.Round(value))
}

// rounded returns the bits of a whole number.
func (e *entry) rounded(v *roostv1.Value, whole float64) (uint64, error) {
	const twoTo63 = 1 << 63
	if e.encoding.signed() {
		if whole < -twoTo63 || whole >= twoTo63 || int64(whole) < e.lowest() || whole > 0 && uint64(whole) > e.highest() {
			return 0, e.inRange(v, false)
		}
		return uint64(int64(whole)), nil
	}
	if whole < 0 || whole >= 2*twoTo63 || uint64(whole) > e.highest() {
		return 0, e.inRange(v, false)
	}
	return uint64(whole), nil
}

// highest and lowest are the ends of the range of a whole number.
func (e *entry) highest() uint64 {
	highest := uint64(math.MaxUint64) >> (64 - 16*e.count)
	if e.encoding.signed() {
		highest >>= 1
	}
	return highest
}

func (e *entry) lowest() int64 {
	if !e.encoding.signed() {
		return 0
	}
	return -int64(e.highest()) - 1
}

func (e *entry) inRange(v *roostv1.Value, yes bool) error {
	if yes {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrInvalid, "%s is %s, which does not fit into a %s", e.resource.GetName(), v.Format(), e.encoding)
}
