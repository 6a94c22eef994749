package message

import (
	"reflect"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

func (r *reader) code() ua.StatusCode { return ua.StatusCode(r.u32()) }

// leaf reads what the library reads by itself: it has no lists.
func leaf[T interface{ Decode([]byte) (int, error) }](r *reader, v T) T {
	if r.part(); r.err != nil {
		return v
	}
	n, err := v.Decode(r.rest)
	if err != nil {
		r.fail(err)
		return v
	}
	r.take(n)
	return v
}

func (r *reader) nodeID() *ua.NodeID                 { return leaf(r, new(ua.NodeID)) }
func (r *reader) expandedNodeID() *ua.ExpandedNodeID { return leaf(r, new(ua.ExpandedNodeID)) }
func (r *reader) guid() *ua.GUID                     { return leaf(r, new(ua.GUID)) }
func (r *reader) localizedText() *ua.LocalizedText   { return leaf(r, new(ua.LocalizedText)) }

func (r *reader) qualifiedName() *ua.QualifiedName {
	r.part()
	return &ua.QualifiedName{NamespaceIndex: r.u16(), Name: r.string()}
}

// dataValue reads a value with its status and times. Its value is never nil.
func (r *reader) dataValue() *ua.DataValue {
	v := &ua.DataValue{Value: new(ua.Variant)}
	r.nested(func() {
		v.EncodingMask = r.u8()
		if v.Has(ua.DataValueValue) {
			v.Value = r.variant()
		}
		if v.Has(ua.DataValueStatusCode) {
			v.Status = r.code()
		}
		if v.Has(ua.DataValueSourceTimestamp) {
			v.SourceTimestamp = r.time()
		}
		if v.Has(ua.DataValueSourcePicoseconds) {
			v.SourcePicoseconds = r.u16()
		}
		if v.Has(ua.DataValueServerTimestamp) {
			v.ServerTimestamp = r.time()
		}
		if v.Has(ua.DataValueServerPicoseconds) {
			v.ServerPicoseconds = r.u16()
		}
	})
	return v
}

// objects makes the structures that are read, by the number of their encoding.
var objects = map[uint32]func() any{
	id.DataChangeNotification_Encoding_DefaultBinary:   func() any { return new(ua.DataChangeNotification) },
	id.StatusChangeNotification_Encoding_DefaultBinary: func() any { return new(ua.StatusChangeNotification) },
	id.Argument_Encoding_DefaultBinary:                 func() any { return new(ua.Argument) },
	id.Range_Encoding_DefaultBinary:                    func() any { return new(ua.Range) },         // of those who browse
	id.EUInformation_Encoding_DefaultBinary:            func() any { return new(ua.EUInformation) }, // likewise
}

// object reads a structure. One that nobody knows has no value.
func (r *reader) object() *ua.ExtensionObject {
	o := new(ua.ExtensionObject)
	r.nested(func() {
		o.TypeID = r.expandedNodeID()
		if o.EncodingMask = r.u8(); o.EncodingMask == ua.ExtensionObjectEmpty {
			return
		}
		body := r.bytes()
		made := objects[o.TypeID.NodeID.IntID()]
		if r.err != nil || made == nil || o.EncodingMask != ua.ExtensionObjectBinary || o.TypeID.NodeID.Namespace() != 0 {
			return
		}
		o.Value = made()
		inner := &reader{rest: body, depth: r.depth, parts: r.parts}
		if inner.value(reflect.ValueOf(o.Value).Elem()); inner.err != nil {
			r.fail(inner.err)
		}
	})
	return o
}

// diagnosis passes over what nobody asked for.
func (r *reader) diagnosis() *ua.DiagnosticInfo {
	r.nested(func() {
		mask := r.u8()
		for _, field := range []struct {
			bit  uint8
			pass func()
		}{
			{ua.DiagnosticInfoSymbolicID, func() { r.u32() }},
			{ua.DiagnosticInfoNamespaceURI, func() { r.u32() }},
			{ua.DiagnosticInfoLocale, func() { r.u32() }},
			{ua.DiagnosticInfoLocalizedText, func() { r.u32() }},
			{ua.DiagnosticInfoAdditionalInfo, func() { r.bytes() }},
			{ua.DiagnosticInfoInnerStatusCode, func() { r.u32() }},
			{ua.DiagnosticInfoInnerDiagnosticInfo, func() { r.diagnosis() }},
		} {
			if mask&field.bit != 0 {
				field.pass()
			}
		}
	})
	return new(ua.DiagnosticInfo)
}
