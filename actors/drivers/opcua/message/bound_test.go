package message_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/message"
)

// most is how long a message is that the channel takes, in bytes.
const most = 1 << 20

// took returns the answer that a message is, and how many bytes reading it took.
func took(m []byte, asked int) (ua.Response, uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := message.Decode(m, asked)
	runtime.ReadMemStats(&after)
	return response, after.TotalAlloc - before.TotalAlloc, err
}

// TestMemory: whatever a message is made of, reading it takes no more than some times the longest one.
func TestMemory(t *testing.T) {
	head := encoded(t, new(ua.ReadResponse))
	head = head[:len(head)-8] // without its two lists
	list := func(before []byte, n uint32, unit ...byte) []byte {
		m := binary.LittleEndian.AppendUint32(append(bytes.Clone(head), before...), n)
		return append(m, bytes.Repeat(unit, (most-len(m))/len(unit))...)
	}
	array := func(kind byte) []byte { return []byte{1, 0, 0, 0, 1, 0x80 | kind} } // one result, which is one
	for name, m := range map[string][]byte{
		"values":             list(nil, most/2, 0),
		"diagnoses":          list([]byte{0, 0, 0, 0}, most/2, 0),
		"a value of values":  list(array(23), most/2, 0),
		"variants":           list(array(24), most/2, 0),
		"texts":              list(array(21), most/2, 0),
		"names":              list(array(20), most/7, 0, 0, 0, 0, 0, 0),
		"nodes":              list(array(17), most/3, 0, 0),
		"other nodes":        list(array(18), most/3, 0, 0),
		"structures":         list(array(22), most/4, 0, 0, 0),
		"strings of bytes":   list(array(15), most/5, 0, 0, 0, 0),
		"identifiers":        list(array(14), most/17, make([]byte, 16)...),
		"strings of letters": list(array(12), most/5, 0, 0, 0, 0),
		"times":              list(array(13), most/9, make([]byte, 8)...),
	} {
		_, took, _ := took(m, 1)
		if took > 24*most {
			t.Errorf("%s: a message of %d bytes takes %d", name, len(m), took)
		}
		t.Logf("%s: %.1f times the message", name, float64(took)/most)
	}
}

// TestMoreThanAsked: an answer with more results than were asked for is none, and costs nothing; one with as many is read.
func TestMoreThanAsked(t *testing.T) {
	const asked = 10_000 // as many as the driver asks for at most
	results := make([]*ua.DataValue, asked)
	for i := range results {
		results[i] = &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(ua.NewLocalizedText("x"))}
	}
	m := encoded(t, &ua.ReadResponse{Results: results})
	if got, err := message.Decode(m, asked); err != nil || len(got.(*ua.ReadResponse).Results) != asked {
		t.Errorf("%d results: %v", asked, err)
	}
	_, took, err := took(m, asked-1)
	if err == nil || !strings.Contains(err.Error(), "it has 10000 results, and 9999 were asked for") || took > 1<<16 {
		t.Errorf("one more than was asked for: %v, and it took %d bytes", err, took)
	}
}

func TestAsked(t *testing.T) {
	for want, r := range []ua.Request{
		1: &ua.ReadRequest{NodesToRead: make([]*ua.ReadValueID, 1)}, 2: &ua.WriteRequest{NodesToWrite: make([]*ua.WriteValue, 2)},
		3: &ua.CallRequest{MethodsToCall: make([]*ua.CallMethodRequest, 3)}, 4: &ua.BrowseRequest{NodesToBrowse: make([]*ua.BrowseDescription, 4)},
		5: &ua.BrowseNextRequest{ContinuationPoints: make([][]byte, 5)},
		6: &ua.TranslateBrowsePathsToNodeIDsRequest{BrowsePaths: make([]*ua.BrowsePath, 6)},
		7: &ua.DeleteSubscriptionsRequest{SubscriptionIDs: make([]uint32, 7)},
		8: &ua.CreateMonitoredItemsRequest{ItemsToCreate: make([]*ua.MonitoredItemCreateRequest, 8)},
	} {
		if r != nil && message.Asked(r) != want {
			t.Errorf("a %T asks for %d results, want %d", r, message.Asked(r), want)
		}
	}
	if message.Asked(new(ua.PublishRequest)) != message.AnyNumber {
		t.Error("what a subscription has to tell is known")
	}
}
