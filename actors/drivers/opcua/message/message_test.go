package message_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/message"
)

// encoded returns a message, as the library writes it.
func encoded(t testing.TB, response ua.Response) []byte {
	t.Helper()
	response.SetHeader(&ua.ResponseHeader{
		Timestamp: time.Unix(1700000000, 0).UTC(), RequestHandle: 5, ServiceDiagnostics: new(ua.DiagnosticInfo), StringTable: []string{"a", ""},
		AdditionalHeader: ua.NewExtensionObject(nil),
	})
	kind, err := ua.NewFourByteExpandedNodeID(0, ua.ServiceTypeID(response)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	body, err := ua.Encode(response)
	if err != nil {
		t.Fatal(err)
	}
	return append(kind, body...)
}

// values are values of all types, alone and in arrays.
func values() []*ua.DataValue {
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456700, time.UTC)
	one := []any{
		true, int8(-1), uint8(2), int16(-3), uint16(4), int32(-5), uint32(6), int64(-7), uint64(8), float32(0.5), math.Pi, "text", at, []byte{1, 2},
		ua.NewGUID("72962B91-FA75-4AE6-8D28-B404DC7DAF63"), ua.XMLElement("<a/>"), ua.NewStringNodeID(2, "s"), ua.NewTwoByteExpandedNodeID(7),
		ua.StatusBadNodeIDUnknown, &ua.QualifiedName{NamespaceIndex: 3, Name: "n"}, ua.NewLocalizedTextWithLocale("t", "de"),
		[]bool{true, false}, []int8{-1}, ua.ByteArray{1, 2, 3}, []int16{5}, []uint16{}, []int32{1, 2}, []uint32{3}, []int64{4}, []uint64{5}, []float32{1, 2},
		[]float64{1.5, 2.5}, []string{"a", "b"}, []time.Time{at}, []*ua.NodeID{ua.NewNumericNodeID(1, 70000)},
		[]ua.StatusCode{ua.StatusOK}, []*ua.Variant{ua.MustVariant(int32(5))}, []*ua.LocalizedText{ua.NewLocalizedText("x")},
		[]*ua.QualifiedName{{Name: "q"}}, &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant("inner")},
	}
	all := []*ua.DataValue{{Value: new(ua.Variant)}, {EncodingMask: ua.DataValueStatusCode, Status: ua.StatusBadSensorFailure, Value: new(ua.Variant)}}
	for _, v := range one {
		all = append(all, &ua.DataValue{
			EncodingMask: ua.DataValueValue | ua.DataValueStatusCode | ua.DataValueSourceTimestamp | ua.DataValueSourcePicoseconds |
				ua.DataValueServerTimestamp | ua.DataValueServerPicoseconds,
			Value: ua.MustVariant(v), Status: ua.StatusUncertainLastUsableValue, SourceTimestamp: at, SourcePicoseconds: 1, ServerTimestamp: at, ServerPicoseconds: 2,
		})
	}
	return all
}

// messages are answers of all kinds.
func messages(t testing.TB) map[string][]byte {
	endpoint := &ua.EndpointDescription{
		EndpointURL: "opc.tcp://a:1", Server: &ua.ApplicationDescription{ApplicationName: ua.NewLocalizedText("app"), DiscoveryURLs: []string{"u"}},
		ServerCertificate: []byte{1, 2}, SecurityMode: ua.MessageSecurityModeSign, SecurityPolicyURI: "p",
		UserIdentityTokens: []*ua.UserTokenPolicy{{PolicyID: "p", TokenType: ua.UserTokenTypeUserName}}, SecurityLevel: 3,
	}
	change := &ua.ExtensionObject{
		EncodingMask: ua.ExtensionObjectBinary, TypeID: ua.NewFourByteExpandedNodeID(0, id.DataChangeNotification_Encoding_DefaultBinary),
		Value: &ua.DataChangeNotification{MonitoredItems: []*ua.MonitoredItemNotification{{ClientHandle: 5, Value: values()[5]}}, DiagnosticInfos: []*ua.DiagnosticInfo{}},
	}
	argument := &ua.ExtensionObject{
		EncodingMask: ua.ExtensionObjectBinary, TypeID: ua.NewFourByteExpandedNodeID(0, id.Argument_Encoding_DefaultBinary),
		Value: &ua.Argument{Name: "a", DataType: ua.NewTwoByteNodeID(6), ValueRank: -1, ArrayDimensions: []uint32{}, Description: ua.NewLocalizedText("d")},
	}
	all := map[string][]byte{}
	for _, response := range []ua.Response{
		new(ua.ServiceFault), new(ua.ActivateSessionResponse), new(ua.CloseSessionResponse),
		&ua.OpenSecureChannelResponse{SecurityToken: &ua.ChannelSecurityToken{ChannelID: 1, TokenID: 2, CreatedAt: time.Unix(1, 0).UTC(), RevisedLifetime: 3}, ServerNonce: []byte{4}},
		&ua.GetEndpointsResponse{Endpoints: []*ua.EndpointDescription{endpoint}},
		&ua.CreateSessionResponse{
			SessionID: ua.NewNumericNodeID(1, 70000), AuthenticationToken: ua.NewByteStringNodeID(0, []byte{9}), RevisedSessionTimeout: 1.5, ServerNonce: []byte{1},
			ServerCertificate: []byte{2}, ServerEndpoints: []*ua.EndpointDescription{endpoint}, ServerSignature: &ua.SignatureData{Algorithm: "a", Signature: []byte{3}},
			MaxRequestMessageSize: 7,
		},
		&ua.ReadResponse{Results: append(values(), &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant([]*ua.ExtensionObject{argument})})},
		&ua.WriteResponse{Results: []ua.StatusCode{ua.StatusBadNotWritable, 0}, DiagnosticInfos: []*ua.DiagnosticInfo{}},
		&ua.CallResponse{Results: []*ua.CallMethodResult{{StatusCode: 1, InputArgumentResults: []ua.StatusCode{2}, OutputArguments: []*ua.Variant{ua.MustVariant("x")}}}},
		&ua.TranslateBrowsePathsToNodeIDsResponse{Results: []*ua.BrowsePathResult{{Targets: []*ua.BrowsePathTarget{{TargetID: ua.NewTwoByteExpandedNodeID(9)}}}}},
		&ua.BrowseResponse{Results: []*ua.BrowseResult{{ContinuationPoint: []byte{1}, References: []*ua.ReferenceDescription{{
			ReferenceTypeID: ua.NewTwoByteNodeID(1), NodeID: ua.NewTwoByteExpandedNodeID(2), BrowseName: &ua.QualifiedName{Name: "b"},
			DisplayName: ua.NewLocalizedText("d"), TypeDefinition: ua.NewTwoByteExpandedNodeID(3),
		}}}}},
		&ua.CreateSubscriptionResponse{SubscriptionID: 1, RevisedPublishingInterval: 2, RevisedLifetimeCount: 3, RevisedMaxKeepAliveCount: 4},
		&ua.DeleteSubscriptionsResponse{Results: []ua.StatusCode{0}},
		&ua.CreateMonitoredItemsResponse{Results: []*ua.MonitoredItemCreateResult{{StatusCode: 1, MonitoredItemID: 2, RevisedSamplingInterval: 3, FilterResult: ua.NewExtensionObject(nil)}}},
		&ua.PublishResponse{
			SubscriptionID: 1, AvailableSequenceNumbers: []uint32{2}, MoreNotifications: true, Results: []ua.StatusCode{3},
			NotificationMessage: &ua.NotificationMessage{SequenceNumber: 4, PublishTime: time.Unix(5, 0).UTC(), NotificationData: []*ua.ExtensionObject{change}},
		},
	} {
		all[reflect.TypeOf(response).Elem().Name()] = encoded(t, response)
	}
	return all
}

// TestSameAsLibrary: what the library reads is what is read here.
func TestSameAsLibrary(t *testing.T) {
	for name, m := range messages(t) {
		_, want, err := ua.DecodeService(m)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := message.Decode(m, message.AnyNumber)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := shown(t, got), shown(t, want.(ua.Response)); !bytes.Equal(a, b) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, a, b)
		}
	}
}

// shown is an answer as bytes: two that are alike have the same.
func shown(t testing.TB, response ua.Response) []byte {
	t.Helper()
	b, err := ua.Encode(response)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCutOff: a message that ends early is an error wherever it ends, and no panic.
func TestCutOff(t *testing.T) {
	for name, m := range messages(t) {
		for n := range m {
			if got, err := message.Decode(m[:n:n], message.AnyNumber); err == nil {
				t.Errorf("%s of %d bytes, and not %d, is %v", name, n, len(m), got)
			}
		}
	}
}

// TestHostile: a message does not take more than it has, whatever it says.
func TestHostile(t *testing.T) {
	head := encoded(t, new(ua.ReadResponse))
	head = head[:len(head)-8] // without its two lists
	list := func(n uint32, rest ...byte) []byte {
		return append(binary.LittleEndian.AppendUint32(bytes.Clone(head), n), rest...)
	}
	for name, test := range map[string]struct {
		m    []byte
		says string
	}{
		"a list that nobody can hold":  {list(math.MaxInt32), "EOF"},
		"a list of negative length":    {list(0xfffffff0), "EOF"},
		"an array of negative length":  {list(1, 1, 0x8b, 0xfe, 0xff, 0xff, 0xff), "EOF"},
		"an array that does not end":   {list(1, 1, 0x8b, 0xff, 0xff, 0xff, 0x7f), "EOF"},
		"variants in variants":         {append(list(1, 1), bytes.Repeat([]byte{24}, 1<<20)...), "nested"},
		"values in values":             {append(list(1, 1), bytes.Repeat([]byte{23, 1}, 1<<20)...), "nested"},
		"a million empty values":       {append(list(1<<20), make([]byte, 1<<20)...), "more than 65536 parts"},
		"a type that there is not":     {list(1, 1, 31), "no type 31"},
		"a request":                    {[]byte{1, 0, 0xd9, 1}, "which is no answer"},
		"nothing":                      {nil, "EOF"},
		"a diagnosis in itself":        {append(bytes.Clone(head[:20]), bytes.Repeat([]byte{0x40}, 1<<16)...), ""},
		"an answer of another's space": {[]byte{1, 5, 0x7a, 2}, "which is no answer"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := message.Decode(test.m, message.AnyNumber)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "panicked") {
			t.Errorf("%s: %v, %v, want %q", name, got, err, test.says)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(20*len(test.m)+2<<20) {
			t.Errorf("%s: %d bytes took %d of memory", name, len(test.m), took)
		}
	}
}

// FuzzDecode: whatever bytes a message has, nothing panics, and what the library can read too is the same.
func FuzzDecode(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, m []byte) {
		if _, err := message.Decode(m, message.AnyNumber); err != nil && strings.Contains(err.Error(), "panicked") {
			t.Fatal(err)
		}
	})
}
