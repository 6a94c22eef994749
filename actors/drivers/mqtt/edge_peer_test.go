package mqtt_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The edge node here is one of sparkplug-client, which nobody here wrote. ROOST_NODE_MODULES names the folder of node modules that has it.

func needEdge(t testing.TB) {
	t.Helper()
	modules := cmp.Or(os.Getenv("ROOST_NODE_MODULES"), "node_modules")
	peertest.Need(t, peertest.Program("node", "nodejs"),
		peertest.File(filepath.Join(modules, "sparkplug-client"), "npm install sparkplug-client, and ROOST_NODE_MODULES names its node_modules"))
}

// startEdge starts the edge node Line1 with the device Press, which ends with the test.
func startEdge(t testing.TB, b *broker) *peertest.Peer {
	t.Helper()
	needEdge(t)
	return peertest.Start(t, peertest.Command{
		Name: "node", Args: []string{filepath.Join("testdata", "edge.js"), peertest.Port(b.at)}, Ready: []peertest.Ready{peertest.Says("controlled")},
	})
}

// do lets the edge node do something.
func (b *broker) do(t testing.TB, order string) {
	t.Helper()
	b.publish(t, "control", order)
}

// metric is a resource that can be read; its name is id.
func metric(id string, kind roostv1.ValueType, name string) *roostv1.Resource {
	r := readable(id, kind, "")
	r.Protocol = map[string]string{"metric": name}
	return r
}

// press is the device, at a broker.
func press(at string) actors.Device {
	setpoint := writable("setpoint", isDouble, "metric=Outputs/Setpoint datatype=Float")
	setpoint.SettleTime = nil
	d := device("press", at,
		metric("speed", isDouble, "Inputs/Speed"), metric("count", isInt, "Inputs/Count"), setpoint,
		metric("text", isText, "Text"), metric("started", isText, "Started"), metric("blob", isText, "Blob"), metric("absent", isInt, "Nowhere"))
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "reset", WriteKind: roostv1.WriteKind_WRITE_KIND_PULSE}}
	return with(d, "payload=sparkplug group=Plant edge_node=Line1 device=Press command.reset.metric=Reset")
}

// without time: what was sampled when is not known to the test.
func undated(shown []string) []string {
	for i, one := range shown {
		if at := strings.LastIndex(one, " 20"); at >= 0 && strings.HasSuffix(one, "Z") && !strings.HasPrefix(one, "started") {
			shown[i] = one[:at]
		}
	}
	return shown
}

// born are the readings of the device's birth.
var born = []string{
	"absent - bad decode error", "blob - bad decode error", "count -70000", "setpoint 40", "speed 0.1", "started 2026-01-02T03:04:05.000Z", "text Größe",
}

func wantBirth(t testing.TB, s *sink, from int) {
	t.Helper()
	got := undated(s.wait(t, from+len(born)))[from:][:len(born)]
	for i := range got {
		if strings.HasPrefix(got[i], "started") {
			got[i] = strings.Join(strings.Fields(got[i])[:2], " ")
		}
	}
	slices.Sort(got)
	if diff := gocmp.Diff(born, got); diff != "" {
		t.Errorf("readings of the birth (-want +got):\n%s", diff)
	}
}

func TestRealEdgeReadings(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	edge := startEdge(t, b)
	s := open(t, new(mqtt.Driver), press(b.at))
	edge.Wait(t, "ncmd Node Control/Rebirth") // its birth was before us
	p := push(t, s, newSink())
	wantBirth(t, p.sink, 0)

	b.do(t, `{"do": "data", "device": true, "timestamp": 1767323045000, "metrics": [{"alias": 1, "type": "Double", "value": 2.5}]}`)
	b.do(t, `{"do": "data", "device": true, "timestamp": 1767323046000, "metrics": [
		{"name": "Inputs/Count", "type": "Int32", "value": 3, "timestamp": 1767323000000, "isHistorical": true},
		{"alias": 1, "type": "Double", "value": null},
		{"alias": 2, "type": "Int32", "value": 9, "properties": {"Quality": {"type": "Int32", "value": 500}}}]}`)
	got := p.sink.wait(t, len(born)+4)[len(born):]
	want := []string{
		"speed 2.5 2026-01-02T03:04:05Z", "count 3 uncertain stale 2026-01-02T03:03:20Z", "speed - bad sensor fault 2026-01-02T03:04:06Z",
		"count 9 uncertain stale 2026-01-02T03:04:06Z",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

func TestRealEdgeCommands(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	edge := startEdge(t, b)
	s := open(t, new(mqtt.Driver), press(b.at))
	p := push(t, s, newSink())
	wantBirth(t, p.sink, 0)
	if _, err := act(t, s, actors.Action{Resource: "setpoint", Value: roostv1.Double(41.5)}, patience); err != nil {
		t.Fatal(err)
	}
	edge.Wait(t, "dcmd Press Outputs/Setpoint 3 Float 41.5")
	got := undated(p.sink.wait(t, len(born)+1))[len(born):]
	if want := []string{"setpoint 41.5"}; !slices.Equal(got, want) {
		t.Errorf("after the write came %q, want %q", got, want)
	}
	if _, err := act(t, s, actors.Action{Command: "reset"}, patience); err != nil {
		t.Fatal(err)
	}
	edge.Wait(t, "dcmd Press Reset 7 Boolean true")
	if _, err := act(t, s, actors.Action{Resource: "setpoint", Value: roostv1.Double(1e300)}, patience); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a value that is no Float: %v, want ErrNotSent", err)
	}
}

// TestEdgeGap: what is missing is declared, what comes after it is in doubt, and a birth ends that.
func TestRealEdgeGap(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	startEdge(t, b)
	s := open(t, new(mqtt.Driver), press(b.at))
	p := push(t, s, newSink())
	wantBirth(t, p.sink, 0)
	began := time.Now()
	b.do(t, `{"do": "skip", "n": 3}`)
	b.do(t, `{"do": "data", "device": true, "metrics": [{"alias": 1, "type": "Double", "value": 2}]}`)
	got := undated(p.sink.wait(t, len(born)+1))[len(born):]
	if want := "speed 2 uncertain comm failure"; got[0] != want {
		t.Errorf("after a gap came %q, want %q", got[0], want)
	}
	wantBirth(t, p.sink, len(born)+1)
	t.Logf("messages were missing: the edge node was born again %v later", time.Since(began).Round(time.Millisecond))
	b.do(t, `{"do": "garbage"}`)
	wantBirth(t, p.sink, 2*len(born)+1+len(born)) // after one bad reading of each
	if lost := p.sink.losses(); lost != 3+1 {
		t.Errorf("%d readings are declared lost, want 4", lost)
	}
}

// TestEdgePresence: deaths of the device and of its edge node end the session, and births let it open again.
func TestRealEdgePresence(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	edge := startEdge(t, b)
	driver := new(mqtt.Driver)
	d := press(b.at)
	up := with(device("line", b.at, metric("up", isInt, "Up")), "payload=sparkplug group=Plant edge_node=Line1")
	node := push(t, open(t, driver, up), newSink())
	s := open(t, driver, d)
	p := push(t, s, newSink())
	wantBirth(t, p.sink, 0)
	b.do(t, `{"do": "death"}`)
	p.wantEnd(t, roostv1.ErrOffline)
	if got := undated(p.sink.wait(t, 2*len(born))); !slices.Contains(got, "speed - bad not connected") {
		t.Errorf("of a device that has died came %q", got[len(born):])
	}
	if _, err := act(t, s, actors.Action{Resource: "setpoint", Value: roostv1.Double(1)}, patience); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("write to a device that has died: %v, want ErrNotSent", err)
	}
	_ = s.Close(t.Context())
	with(d, "presence_wait=100ms")
	if _, err := tryOpen(t, driver, d); !errors.Is(err, roostv1.ErrOffline) {
		t.Errorf("open of a device that has died: %v, want ErrOffline", err)
	}
	with(d, "presence_wait=20s")
	b.do(t, `{"do": "birth"}`)
	p = push(t, open(t, driver, d), newSink())
	wantBirth(t, p.sink, 0)
	if got := undated(node.sink.wait(t, 1)); got[0] != "up 1" {
		t.Errorf("of the edge node came %q", got)
	}

	killed := time.Now()
	edge.Kill() // its last will is its death
	p.wantEnd(t, roostv1.ErrOffline)
	node.wantEnd(t, roostv1.ErrOffline)
	t.Logf("the edge node was killed: its sessions failed %v later", time.Since(killed).Round(time.Millisecond))
	started := time.Now()
	back := make(chan struct{})
	go func() {
		defer close(back)
		edge.Restart(t)
	}()
	p = push(t, open(t, driver, d), newSink())
	wantBirth(t, p.sink, 0)
	t.Logf("the edge node was started: the device could be read %v later", time.Since(started).Round(time.Millisecond))
	<-back
}

func TestRealEdgeContract(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	startEdge(t, b)
	d := press(b.at)
	d.Profile.Resources = d.Profile.Resources[:5]
	feed := fmt.Sprintf(`{"do": "data", "device": true, "metrics": [{"alias": 1, "type": "Double", "value": %d}]}`, 5)
	b.feed(t, "control", feed)
	drivertest.Run(t, new(mqtt.Driver), d, drivertest.Options{
		Actions: []actors.Action{{Resource: "setpoint", Value: roostv1.Double(900)}, {Command: "reset"}},
		Refused: []actors.Action{{Resource: "speed", Value: roostv1.Double(1)}, {Resource: "setpoint", Value: roostv1.Text("fast")}},
		Bad:     []actors.Device{with(press(b.at), "edge_node=a/b")},
	})
}
