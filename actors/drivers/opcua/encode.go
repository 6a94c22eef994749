package opcua

import (
	"fmt"
	"math"
	"time"

	"github.com/gopcua/opcua/ua"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// suits tells whether values of a profile's type can be written as such a type of the server.
func suits(kind ua.TypeID, t roostv1.ValueType) bool {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		return kind == ua.TypeIDBoolean
	case roostv1.ValueType_VALUE_TYPE_INT, roostv1.ValueType_VALUE_TYPE_UINT, roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return kind >= ua.TypeIDSByte && kind <= ua.TypeIDDouble
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return kind == ua.TypeIDString || kind == ua.TypeIDLocalizedText || kind == ua.TypeIDDateTime
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		return kind == ua.TypeIDByteString
	}
	return false
}

// encode returns a value as one of the server's type, or as an array that has it alone.
func encode(v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	switch kind {
	case ua.TypeIDBoolean:
		if v.Type() != roostv1.ValueType_VALUE_TYPE_BOOL {
			return nil, unfit(v, kind)
		}
		return variant(v.GetBool(), element)
	case ua.TypeIDFloat, ua.TypeIDDouble:
		return encodeReal(v, kind, element)
	case ua.TypeIDString, ua.TypeIDLocalizedText, ua.TypeIDDateTime:
		return encodeText(v, kind, element)
	case ua.TypeIDByteString:
		if v.Type() != roostv1.ValueType_VALUE_TYPE_BYTES {
			return nil, unfit(v, kind)
		}
		return variant(v.GetBytes(), element)
	}
	return encodeWhole(v, kind, element)
}

func unfit(v *roostv1.Value, kind ua.TypeID) error {
	return roostv1.Errorf(roostv1.ErrInvalid, "the server has a %s, which %s is not", word(kind), v.Format())
}

// variant returns what is sent.
func variant[T any](v T, element bool) (*ua.Variant, error) {
	if element {
		return ua.NewVariant([]T{v})
	}
	return ua.NewVariant(v)
}

func encodeReal(v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	converted, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_DOUBLE)
	if err != nil {
		return nil, err
	}
	if kind == ua.TypeIDDouble {
		return variant(converted.GetDouble(), element)
	}
	f := float32(converted.GetDouble())
	if math.IsInf(float64(f), 0) {
		return nil, unfit(v, kind)
	}
	return variant(f, element)
}

func encodeText(v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	if v.Type() != roostv1.ValueType_VALUE_TYPE_STRING {
		return nil, unfit(v, kind)
	}
	switch kind {
	case ua.TypeIDLocalizedText:
		return variant(ua.NewLocalizedText(v.GetString_()), element)
	case ua.TypeIDDateTime:
		at, err := time.Parse(time.RFC3339Nano, v.GetString_())
		if err != nil || at.Year() < 1678 || at.Year() > 2261 {
			return nil, fmt.Errorf("%w; a time is written as 2006-01-02T15:04:05Z, in the years 1678 to 2261", unfit(v, kind))
		}
		return variant(at, element)
	}
	return variant(v.GetString_(), element)
}

// encodeWhole encodes whole numbers, which have to be in their type's range.
func encodeWhole(v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	switch kind {
	case ua.TypeIDSByte, ua.TypeIDInt16, ua.TypeIDInt32, ua.TypeIDInt64:
		converted, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_INT)
		if err != nil {
			return nil, err
		}
		return encodeInt(converted.GetInt(), v, kind, element)
	case ua.TypeIDByte, ua.TypeIDUint16, ua.TypeIDUint32, ua.TypeIDUint64:
		converted, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_UINT)
		if err != nil {
			return nil, err
		}
		return encodeUint(converted.GetUint(), v, kind, element)
	}
	return nil, roostv1.Errorf(roostv1.ErrInvalid, "the server has a value of %s, which is not written", word(kind))
}

func encodeInt(n int64, v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	switch {
	case kind == ua.TypeIDSByte && n == int64(int8(n)):
		return variant(int8(n), element)
	case kind == ua.TypeIDInt16 && n == int64(int16(n)):
		return variant(int16(n), element)
	case kind == ua.TypeIDInt32 && n == int64(int32(n)):
		return variant(int32(n), element)
	case kind == ua.TypeIDInt64:
		return variant(n, element)
	}
	return nil, unfit(v, kind)
}

func encodeUint(n uint64, v *roostv1.Value, kind ua.TypeID, element bool) (*ua.Variant, error) {
	switch {
	case kind == ua.TypeIDByte && n == uint64(uint8(n)) && element:
		return ua.NewVariant(ua.ByteArray{byte(n)}) // else the library takes it for a string of bytes
	case kind == ua.TypeIDByte && n == uint64(uint8(n)):
		return variant(uint8(n), element)
	case kind == ua.TypeIDUint16 && n == uint64(uint16(n)):
		return variant(uint16(n), element)
	case kind == ua.TypeIDUint32 && n == uint64(uint32(n)):
		return variant(uint32(n), element)
	case kind == ua.TypeIDUint64:
		return variant(n, element)
	}
	return nil, unfit(v, kind)
}
