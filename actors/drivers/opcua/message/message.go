package message

import (
	"fmt"

	"reflect"
	"time"

	"github.com/gopcua/opcua/ua"
)

// Decode returns the answer that a message is, to a request for so many results, or for [AnyNumber]: one that has more is an error. It keeps no part
// of the message, but for strings of bytes.
func Decode(message []byte, asked int) (response ua.Response, err error) {
	defer func() { // for what is not foreseen
		if p := recover(); p != nil {
			response, err = nil, fmt.Errorf("reading it panicked: %v", p)
		}
	}()
	r := &reader{rest: message}
	r.bound(asked)
	kind := r.expandedNodeID()
	if r.err != nil {
		return nil, r.err
	}
	made := answers[kind.NodeID.IntID()]
	if made == nil || kind.NodeID.Namespace() != 0 {
		return nil, fmt.Errorf("it is of the type %v, which is no answer", kind.NodeID)
	}
	response = made()
	r.answer(reflect.ValueOf(response).Elem(), asked)
	if r.err != nil {
		return nil, fmt.Errorf("it is a %T: %w", response, r.err)
	}
	return response, nil
}

// answers makes the answers that are read, by the number of their type.
var answers = map[uint32]func() ua.Response{}

func init() {
	for _, made := range []func() ua.Response{
		func() ua.Response { return new(ua.ServiceFault) },
		func() ua.Response { return new(ua.OpenSecureChannelResponse) },
		func() ua.Response { return new(ua.GetEndpointsResponse) },
		func() ua.Response { return new(ua.CreateSessionResponse) },
		func() ua.Response { return new(ua.ActivateSessionResponse) },
		func() ua.Response { return new(ua.CloseSessionResponse) },
		func() ua.Response { return new(ua.BrowseResponse) },
		func() ua.Response { return new(ua.BrowseNextResponse) },
		func() ua.Response { return new(ua.TranslateBrowsePathsToNodeIDsResponse) },
		func() ua.Response { return new(ua.ReadResponse) },
		func() ua.Response { return new(ua.WriteResponse) },
		func() ua.Response { return new(ua.CallResponse) },
		func() ua.Response { return new(ua.CreateSubscriptionResponse) },
		func() ua.Response { return new(ua.DeleteSubscriptionsResponse) },
		func() ua.Response { return new(ua.CreateMonitoredItemsResponse) },
		func() ua.Response { return new(ua.PublishResponse) },
	} {
		answers[uint32(ua.ServiceTypeID(made()))] = made
	}
}

// Types that are not read field by field.
var (
	typeTime      = reflect.TypeFor[time.Time]()
	typeNodeID    = reflect.TypeFor[*ua.NodeID]()
	typeExpanded  = reflect.TypeFor[*ua.ExpandedNodeID]()
	typeGUID      = reflect.TypeFor[*ua.GUID]()
	typeText      = reflect.TypeFor[*ua.LocalizedText]()
	typeVariant   = reflect.TypeFor[*ua.Variant]()
	typeDataValue = reflect.TypeFor[*ua.DataValue]()
	typeObject    = reflect.TypeFor[*ua.ExtensionObject]()
	typeDiagnosis = reflect.TypeFor[*ua.DiagnosticInfo]()
)

// value reads a value of any type that messages have.
func (r *reader) value(v reflect.Value) {
	if r.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if r.part(); r.err != nil {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		r.value(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			r.value(v.Field(i))
		}
	case reflect.Slice:
		r.slice(v)
	case reflect.String:
		v.SetString(r.string())
	case reflect.Bool:
		v.SetBool(r.bool())
	default:
		r.number(v)
	}
}

// special reads a value of one of the types above, and tells whether it is one.
func (r *reader) special(v reflect.Value) bool {
	switch v.Type() {
	case typeTime:
		*v.Addr().Interface().(*time.Time) = r.time()
	case typeNodeID:
		*v.Addr().Interface().(**ua.NodeID) = r.nodeID()
	case typeExpanded:
		*v.Addr().Interface().(**ua.ExpandedNodeID) = r.expandedNodeID()
	case typeGUID:
		*v.Addr().Interface().(**ua.GUID) = r.guid()
	case typeText:
		*v.Addr().Interface().(**ua.LocalizedText) = r.localizedText()
	case typeVariant:
		*v.Addr().Interface().(**ua.Variant) = r.variant()
	case typeDataValue:
		*v.Addr().Interface().(**ua.DataValue) = r.dataValue()
	case typeObject:
		*v.Addr().Interface().(**ua.ExtensionObject) = r.object()
	case typeDiagnosis:
		*v.Addr().Interface().(**ua.DiagnosticInfo) = r.diagnosis()
	default:
		return false
	}
	return true
}

func (r *reader) number(v reflect.Value) {
	switch v.Kind() {
	case reflect.Int8:
		v.SetInt(int64(r.i8()))
	case reflect.Uint8:
		v.SetUint(uint64(r.u8()))
	case reflect.Int16:
		v.SetInt(int64(r.i16()))
	case reflect.Uint16:
		v.SetUint(uint64(r.u16()))
	case reflect.Int32:
		v.SetInt(int64(r.i32()))
	case reflect.Uint32:
		v.SetUint(uint64(r.u32()))
	case reflect.Int64:
		v.SetInt(r.i64())
	case reflect.Uint64:
		v.SetUint(r.u64())
	case reflect.Float32:
		v.SetFloat(float64(r.float32()))
	case reflect.Float64:
		v.SetFloat(r.float64())
	default:
		r.fail(fmt.Errorf("nobody reads a %v", v.Type()))
	}
}

// slice reads a list, which grows as its elements are found: each may be much larger than the byte that it has at least.
func (r *reader) slice(v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.SetBytes(r.bytes())
		return
	}
	n := r.list()
	if n < 0 || r.err != nil {
		return
	}
	list := reflect.MakeSlice(v.Type(), 0, min(n, atOnce))
	for range n {
		element := reflect.New(v.Type().Elem()).Elem()
		if r.value(element); r.err != nil {
			return
		}
		list = reflect.Append(list, element)
	}
	v.Set(list)
}

// atOnce is for how many elements there is room from the beginning.
const atOnce = 512
