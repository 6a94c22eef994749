package sparkplug_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
)

// ten returns the birth of an edge node with ten metrics, and data of all of them by alias, by sequence number.
func ten() (birth []byte, data [256][]byte) {
	var named, values []sparkplug.Metric
	for alias := range uint64(10) {
		named, values = append(named, born(string(rune('a'+alias)), alias, 0)), append(values, by(alias, 5))
	}
	for seq := range data {
		data[seq] = sparkplug.EncodeSeq(time.UnixMilli(1767323045000), uint8(seq), values...)
	}
	return sparkplug.EncodeSeq(time.UnixMilli(1767323045000), 255, named...), data
}

// BenchmarkHear takes messages of ten metrics: what they are, and what is missing.
func BenchmarkHear(b *testing.B) {
	birth, data := ten()
	var n sparkplug.Node
	n.Hear(sparkplug.Message{Verb: sparkplug.NodeBirth, Payload: birth})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if h := n.Hear(sparkplug.Message{Verb: sparkplug.NodeData, Payload: data[i%256]}); len(h.Readings) != 10 || h.Rebirth != "" {
			b.Fatal(show(h))
		}
	}
}

// BenchmarkWalk only goes over the fields of the same messages, as whoever reads them has to.
func BenchmarkWalk(b *testing.B) {
	_, data := ten()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if walk(b, data[i%256]) != 10 {
			b.Fatal("there are not ten metrics")
		}
	}
}

// walk returns how many messages are in one.
func walk(b *testing.B, message []byte) (found int) {
	for len(message) > 0 {
		_, wire, n := protowire.ConsumeTag(message)
		length := protowire.ConsumeFieldValue(1, wire, message[n:])
		if n < 0 || length < 0 {
			b.Fatal("it cannot be read")
		}
		if wire == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(message[n:])
			walk(b, inner)
			found++
		}
		message = message[n+length:]
	}
	return found
}
