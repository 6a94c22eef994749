package sparkplug_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// FuzzNode: whatever comes, nothing panics; all values that are read can be written and read again; and what is kept is bounded.
func FuzzNode(f *testing.F) {
	b, err := hex.DecodeString(captured)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, b, b)
	f.Add(sparkplug.EncodeSeq(time.UnixMilli(1), 0, born("a", 1, 2), numbered(1)), sparkplug.EncodeSeq(time.UnixMilli(1), 1, by(1, 3)), []byte{})
	f.Fuzz(func(t *testing.T, birth, data, death []byte) {
		var n sparkplug.Node
		kept := 0
		for _, m := range []sparkplug.Message{
			{Verb: sparkplug.NodeBirth, Payload: birth},
			{Verb: sparkplug.DeviceBirth, Device: "d", Payload: birth},
			{Verb: sparkplug.DeviceData, Device: "d", Payload: data},
			{Verb: sparkplug.NodeData, Payload: data},
			{Verb: sparkplug.NodeDeath, Payload: death},
		} {
			h := n.Hear(m)
			for i := range h.Readings {
				again(t, &h.Readings[i].Metric)
			}
			kept = max(kept, len(n.Last(""))+len(n.Last("d")))
		}
		if kept > sparkplug.MaxMetrics {
			t.Errorf("%d metrics are kept", kept)
		}
	})
}

// again writes what was read.
func again(t *testing.T, m *sparkplug.Metric) {
	v, err := m.Value(m.Type)
	if err != nil {
		return
	}
	written, err := sparkplug.Of("m", m.Type, v)
	if err != nil {
		return // no value of ours: NaN, or text that is too long
	}
	p, err := sparkplug.Decode(sparkplug.Encode(time.UnixMilli(1), written))
	if err != nil {
		t.Fatal(err)
	}
	back, err := p.Metrics[0].Value(m.Type)
	if err != nil || m.Type != sparkplug.Float && !roostv1.EqualValues(v, back) {
		t.Errorf("%s is written and read as %s, %v", v.Format(), back.Format(), err)
	}
}
