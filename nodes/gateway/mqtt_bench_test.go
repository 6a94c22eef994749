package gateway_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const mqttDevices = 10

// BenchmarkMQTT has ten mosquitto_pub publish at QoS 1 as fast as they can. raw is one mosquitto_sub that throws away what it gets; roost
// has each message's reading on the disk of a hub that syncs, before the message is acknowledged. What is between the two are the
// messages that the broker sends before it waits for the first acknowledgement: mosquitto has 20 for a client, unless it is
// told otherwise.
func BenchmarkMQTT(b *testing.B) {
	peertest.Need(b, peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"))
	for _, window := range []int{20, 1000} {
		at := peertest.FreeAddress(b, "tcp")
		config := filepath.Join(b.TempDir(), "mosquitto.conf")
		text := fmt.Sprintf("user root\nlistener %s 127.0.0.1\nallow_anonymous true\nlog_type subscribe\nmax_queued_messages 0\nmax_inflight_messages %d\n", peertest.Port(at), window)
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		broker := peertest.Start(b, peertest.Command{Name: "mosquitto", Args: []string{"-c", config}, Ready: []peertest.Ready{peertest.Listens(at)}})
		b.Run(fmt.Sprintf("window=%d/raw", window), func(b *testing.B) { subscribeRaw(b, broker, at) })
		b.Run(fmt.Sprintf("window=%d/roost", window), func(b *testing.B) { ingest(b, at) })
	}
}

var rawSubscribers atomic.Int32

func subscribeRaw(b *testing.B, broker *peertest.Peer, at string) {
	id := fmt.Sprintf("raw-%d", rawSubscribers.Add(1))
	sub := exec.CommandContext(b.Context(), "mosquitto_sub", "-h", "127.0.0.1", "-p", peertest.Port(at), "-i", id, "-q", "1", "-t", "bench/#",
		"-C", strconv.Itoa(perDevice(b)*mqttDevices))
	if err := sub.Start(); err != nil {
		b.Fatal(err)
	}
	broker.Wait(b, id+" 1 bench/#")
	b.ResetTimer()
	wait := publishAll(b, at)
	if err := sub.Wait(); err != nil {
		b.Fatal(err)
	}
	perSecond(b)
	wait()
}

func perDevice(b *testing.B) int { return (b.N + mqttDevices - 1) / mqttDevices }

func perSecond(b *testing.B) {
	b.StopTimer()
	b.ReportMetric(float64(perDevice(b)*mqttDevices)/b.Elapsed().Seconds(), "messages/s")
}

// publishAll starts the publishers; the function that is returned waits for their ends.
func publishAll(b *testing.B, at string) func() {
	var all sync.WaitGroup
	for i := range mqttDevices {
		pub := exec.CommandContext(b.Context(), "mosquitto_pub", "-h", "127.0.0.1", "-p", peertest.Port(at), "-q", "1", "-t", fmt.Sprintf("bench/d%d", i), "-l")
		pub.Stdin = strings.NewReader(strings.Repeat(`{"temp": 21.5}`+"\n", perDevice(b)))
		all.Go(func() {
			if out, err := pub.CombinedOutput(); err != nil {
				b.Errorf("mosquitto_pub: %v\n%s", err, out)
			}
		})
	}
	return all.Wait
}

// counted is a store that counts what another has stored.
type counted struct {
	to       actors.Store
	readings atomic.Int64
	want     int64
	done     chan struct{}
}

func (c *counted) Store(batch *roostv1.ReadingBatch, done func(error)) {
	n := int64(len(batch.Readings))
	c.to.Store(batch, func(err error) {
		done(err)
		if err == nil && c.readings.Add(n) == c.want {
			close(c.done)
		}
	})
}

func ingest(b *testing.B, at string) {
	p := openPipeline(b)
	readings := cluster.NewReadings(p.connect(b), p.names, "mqtt", nil)
	store := &counted{to: readings, want: int64(perDevice(b) * mqttDevices), done: make(chan struct{})}
	g, err := actors.New(actors.Config{ID: "gw-1", Drivers: map[string]actors.Driver{mqtt.Name: &mqtt.Driver{Gateway: "gw-1"}}, Store: store})
	if err != nil {
		b.Fatal(err)
	}
	defer p.run(b, g, readings)()
	profile := &roostv1.Profile{Id: "probe", Revision: 1, Resources: []*roostv1.Resource{{
		Name: "temp", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Protocol: map[string]string{"topic": "bench/{name}", "json": "$.temp"},
	}}}
	for i := range mqttDevices {
		id := fmt.Sprintf("d%d", i)
		spec := &roostv1.DeviceSpec{Id: id, Profile: "probe", Driver: mqtt.Name, Revision: 1, Address: map[string]string{"broker": "tcp://" + at}}
		a := &roostv1.Assignment{Bus: id, Epoch: 1, Devices: []*roostv1.DeviceSpec{spec}, Profiles: []*roostv1.Profile{profile}}
		if err := g.Assign(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	for i := range mqttDevices {
		for end := time.Now().Add(20 * time.Second); ; <-time.After(time.Millisecond) {
			if status, _ := g.Status(fmt.Sprintf("d%d", i)); status.GetState() == roostv1.DeviceState_DEVICE_STATE_ONLINE {
				break
			}
			if time.Now().After(end) {
				b.Fatal("a device does not open")
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	wait := publishAll(b, at)
	select {
	case <-store.done:
	case <-time.After(time.Minute):
		lost := uint64(0)
		for i := range mqttDevices {
			status, _ := g.Status(fmt.Sprintf("d%d", i))
			lost += status.GetCounters().GetRefused()
		}
		b.Fatalf("%d readings were stored, want %d; %d were let go", store.readings.Load(), store.want, lost)
	}
	perSecond(b)
	wait()
}
