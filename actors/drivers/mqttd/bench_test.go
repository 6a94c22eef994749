package mqttd_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// BenchmarkIngest is about messages at QoS 1 that a device sends 32 at a time, and waits for their acknowledgements: to the driver, and to a
// bare loop that takes and acknowledges the same bytes and looks at nothing.
func BenchmarkIngest(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		near, far := pair(b)
		go bare(far)
		ingest(b, near)
	})
	b.Run("driver", func(b *testing.B) {
		at := freeAddress(b)
		_, r := dialIn(b, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
		ingest(b, r.conn)
	})
}

// pair returns the ends of a connection.
func pair(b *testing.B) (near, far net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		b.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	return near, far
}

const burst = 32

var reading = publication("d/climate", `{"t": 21.5, "at": 1700000000}`, 1, 1)

// ingest sends messages, and reads acknowledgements of 4 bytes.
func ingest(b *testing.B, conn net.Conn) {
	var one bytes.Buffer
	if err := reading.PublishEncode(&one); err != nil {
		b.Fatal(err)
	}
	all, acks := bytes.Repeat(one.Bytes(), burst), make([]byte, 4*burst)
	b.ReportAllocs()
	for n := 0; n < b.N; n += burst {
		if _, err := conn.Write(all); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, acks); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func bare(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		head, err := in.Peek(2)
		if err != nil {
			return
		}
		if _, err := in.Discard(2 + int(head[1])); err != nil {
			return
		}
		if _, err := conn.Write([]byte{packets.Puback << 4, 2, 0, 1}); err != nil {
			return
		}
	}
}

// BenchmarkMosquitto is about messages of mosquitto_pub at QoS 1: through mosquitto to mosquitto_sub, and to the driver.
func BenchmarkMosquitto(b *testing.B) {
	needMosquitto(b)
	peertest.Need(b, peertest.Program("mosquitto", "mosquitto"))
	const many = 20_000
	b.Run("broker", func(b *testing.B) {
		at := freeAddress(b)
		config := filepath.Join(b.TempDir(), "mosquitto.conf") // without a bound on its queue it loses nothing
		lines := "listener " + peertest.Port(at) + " 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
		if err := os.WriteFile(config, []byte(lines), 0o600); err != nil {
			b.Fatal(err)
		}
		peertest.Start(b, peertest.Command{
			Name: "mosquitto", Args: []string{"-c", config}, Ready: []peertest.Ready{peertest.Listens(at)},
		})
		peertest.Start(b, peertest.Command{
			Name: "mosquitto_pub", Args: []string{"-p", peertest.Port(at), "-i", "r", "-r", "-t", "d/n", "-m", "subscribed"},
		})
		for b.Loop() {
			sub := peertest.Start(b, peertest.Command{
				Name:  "mosquitto_sub",
				Args:  []string{"-p", peertest.Port(at), "-i", "s", "-q", "1", "-t", "d/n"},
				Ready: []peertest.Ready{peertest.Says("subscribed")}, // the message that was retained
			})
			publishLines(b, at, many)
			sub.Wait(b, fmt.Sprintf("%d", many))
			sub.Kill()
		}
		b.ReportMetric(float64(many*b.N)/b.Elapsed().Seconds(), "messages/s")
	})
	b.Run("driver", func(b *testing.B) {
		at := freeAddress(b)
		open(b, newDriver(), device("d", at, "sleepy=true", reads("n", isInt, "topic=d/n")), newStore(), nil)
		for b.Loop() {
			publishLines(b, at, many)
		}
		b.ReportMetric(float64(many*b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// publishLines publishes numbers, and returns when all are acknowledged.
func publishLines(b *testing.B, at string, many int) {
	line := fmt.Sprintf("seq 1 %d | mosquitto_pub -p %s -i d -q 1 -t d/n -l && echo done", many, peertest.Port(at))
	p := peertest.Start(b, peertest.Command{Name: "sh", Args: []string{"-c", line}})
	p.Wait(b, "done")
	p.Kill()
}
