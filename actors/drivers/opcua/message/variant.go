package message

import (
	"fmt"

	"github.com/gopcua/opcua/ua"
)

// array reads the elements of an array.
func array[T any](r *reader, n int, one func() T) []T {
	if n < 0 {
		return nil
	}
	list := make([]T, 0, min(n, atOnce))
	for range n {
		v := one()
		if r.err != nil {
			return nil
		}
		list = append(list, v)
	}
	return list
}

// either reads one value, or an array of them.
func either[T any](r *reader, isArray bool, n int, one func() T) any {
	if isArray {
		return array(r, n, one)
	}
	return one()
}

// variant reads a value of any type. Of an array with more than one dimension all elements are in one.
func (r *reader) variant() *ua.Variant {
	variant := new(ua.Variant)
	r.nested(func() {
		mask := r.u8()
		kind, isArray, n := ua.TypeID(mask&0x3f), mask&ua.VariantArrayValues != 0, 0
		if kind == ua.TypeIDNull {
			return
		}
		if isArray {
			n = r.list()
		}
		value := r.any(kind, isArray, n)
		if mask&ua.VariantArrayDimensions != 0 {
			array(r, r.list(), r.i32)
		}
		if r.err != nil {
			return
		}
		made, err := ua.NewVariant(value)
		if err != nil {
			r.fail(err)
			return
		}
		variant = made
	})
	return variant
}

func (r *reader) any(kind ua.TypeID, isArray bool, n int) any {
	switch kind {
	case ua.TypeIDBoolean:
		return either(r, isArray, n, r.bool)
	case ua.TypeIDSByte:
		return either(r, isArray, n, r.i8)
	case ua.TypeIDByte:
		if isArray {
			return ua.ByteArray(array(r, n, r.u8))
		}
		return r.u8()
	case ua.TypeIDInt16:
		return either(r, isArray, n, r.i16)
	case ua.TypeIDUint16:
		return either(r, isArray, n, r.u16)
	case ua.TypeIDInt32:
		return either(r, isArray, n, r.i32)
	case ua.TypeIDUint32:
		return either(r, isArray, n, r.u32)
	case ua.TypeIDInt64:
		return either(r, isArray, n, r.i64)
	case ua.TypeIDUint64:
		return either(r, isArray, n, r.u64)
	case ua.TypeIDFloat:
		return either(r, isArray, n, r.float32)
	case ua.TypeIDDouble:
		return either(r, isArray, n, r.float64)
	case ua.TypeIDString:
		return either(r, isArray, n, r.string)
	case ua.TypeIDDateTime:
		return either(r, isArray, n, r.time)
	case ua.TypeIDByteString:
		if isArray { // the library takes strings of different lengths for a matrix that is none
			return array(r, n, func() *ua.Variant {
				r.part()
				return ua.MustVariant(r.bytes())
			})
		}
		return r.bytes()
	}
	return r.compound(kind, isArray, n)
}

// compound reads values that have parts.
func (r *reader) compound(kind ua.TypeID, isArray bool, n int) any {
	switch kind {
	case ua.TypeIDGUID:
		return either(r, isArray, n, r.guid)
	case ua.TypeIDXMLElement:
		return either(r, isArray, n, func() ua.XMLElement { return ua.XMLElement(r.string()) })
	case ua.TypeIDNodeID:
		return either(r, isArray, n, r.nodeID)
	case ua.TypeIDExpandedNodeID:
		return either(r, isArray, n, r.expandedNodeID)
	case ua.TypeIDStatusCode:
		return either(r, isArray, n, r.code)
	case ua.TypeIDQualifiedName:
		return either(r, isArray, n, r.qualifiedName)
	case ua.TypeIDLocalizedText:
		return either(r, isArray, n, r.localizedText)
	case ua.TypeIDExtensionObject:
		return either(r, isArray, n, r.object)
	case ua.TypeIDDataValue:
		return either(r, isArray, n, r.dataValue)
	case ua.TypeIDVariant:
		return either(r, isArray, n, r.variant)
	case ua.TypeIDDiagnosticInfo:
		return either(r, isArray, n, r.diagnosis)
	}
	r.fail(fmt.Errorf("there is no type %d of values", kind))
	return nil
}
