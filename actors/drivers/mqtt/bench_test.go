package mqtt_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const benchDevices = 10

// BenchmarkIngest has ten devices publish at QoS 1 through mosquitto, as fast as it takes them. raw is mosquitto_sub -q 1 that throws away
// what it gets; roost is a gateway's device actors, with a store that counts, in which a message is acknowledged when its reading
// is stored.
func BenchmarkIngest(b *testing.B) {
	m := startBroker(b, "allow_anonymous true", "log_type subscribe", "max_queued_messages 0")
	b.Run("raw", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		id := fmt.Sprintf("raw-%d", subscribers.Add(1))
		sub := m.client(ctx, "mosquitto_sub", "-i", id, "-q", "1", "-t", "bench/#", "-C", strconv.Itoa(b.N))
		if err := sub.Start(); err != nil {
			b.Fatal(err)
		}
		m.Wait(b, id+" 1 bench/#")
		b.ResetTimer()
		flood(b, m, b.N)
		if err := sub.Wait(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
	b.Run("roost", func(b *testing.B) {
		var devices []actors.Device
		for i := range benchDevices {
			d := with(device(fmt.Sprintf("d%d", i), m.at, readable("temp", isDouble, "topic={base} json=$.temp")), "base=bench/{name}")
			devices = append(devices, d)
		}
		store := newMemory(false)
		g := gateway(b, store, devices...)
		for _, d := range devices {
			wantState(b, g, d.Spec.Id, roostv1.DeviceState_DEVICE_STATE_ONLINE)
		}
		b.ReportAllocs()
		b.ResetTimer()
		flood(b, m, b.N)
		store.wait(b, b.N)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// flood publishes messages of the devices in turn, at QoS 1, without waiting for their acknowledgements.
func flood(b *testing.B, m *broker, n int) {
	b.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+peertest.Port(m.at))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	connect := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.CleanSession = "MQTT", 4, true
	connect.ClientIdentifier = fmt.Sprintf("flood-%d", subscribers.Add(1))
	if err := connect.Write(conn); err != nil {
		b.Fatal(err)
	}
	acknowledged := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, conn, 4+4*int64(n))
		acknowledged <- err
	}()
	out := bufio.NewWriter(conn)
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.Qos, p.Payload = 1, []byte(`{"temp": 21.5}`)
	for i := range n {
		p.TopicName, p.MessageID = "bench/d"+strconv.Itoa(i%benchDevices), uint16(i%65535+1)
		if err := p.Write(out); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := <-acknowledged; err != nil {
		b.Fatal(err)
	}
}
