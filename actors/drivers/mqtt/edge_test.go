package mqtt_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The edge node here says what the test wants, at a broker that does too.

// edgeNode is the edge node N of the group G.
type edgeNode struct {
	conn *fakeConn
	seq  uint8
}

// named returns a metric as it is in a birth.
func named(name string, alias uint64, value int64) sparkplug.Metric {
	m, _ := sparkplug.Of(name, sparkplug.Int32, roostv1.Int(value))
	m.Alias, m.HasAlias = alias, alias > 0
	return m
}

// aliased returns a metric as it is in data.
func aliased(alias uint64, value int64) sparkplug.Metric {
	m := named("", alias, value)
	m.Type = 0
	return m
}

func (n *edgeNode) say(verb sparkplug.Verb, device string, metrics ...sparkplug.Metric) {
	if verb == sparkplug.NodeBirth {
		n.seq = 0
	}
	n.conn.publish(verb.Topic("G", "N", device), 0, 0, string(sparkplug.EncodeSeq(time.Now(), n.seq, metrics...)))
	if verb != sparkplug.NodeDeath {
		n.seq++
	}
}

// birth is of the edge node with its death's number, and of the device D.
func (n *edgeNode) birth(death int64) {
	n.say(sparkplug.NodeBirth, "", named("bdSeq", 0, death), named("up", 0, 1))
	n.say(sparkplug.DeviceBirth, "D", named("speed", 1, 10), named("level", 2, 20))
}

// commanded returns the next command that comes within a time: its topic and its metrics; nothing if none does.
func (n *edgeNode) commanded(t testing.TB, within time.Duration) (string, []sparkplug.Metric) {
	t.Helper()
	p, came := next[*packets.PublishPacket](n.conn, within)
	if !came {
		return "", nil
	}
	payload, err := sparkplug.Decode(p.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return p.TopicName, payload.Metrics
}

// wantRebirth waits until the edge node is asked for its birth.
func (n *edgeNode) wantRebirth(t testing.TB) {
	t.Helper()
	topic, metrics := n.commanded(t, patience)
	if topic != "spBv1.0/G/NCMD/N" || len(metrics) != 1 || metrics[0].Name != "Node Control/Rebirth" {
		t.Fatalf("at %q came %+v, want a wish for a rebirth", topic, metrics)
	}
	if v, err := metrics[0].Value(sparkplug.Boolean); err != nil || !v.GetBool() {
		t.Errorf("the wish is %v, %v", v, err)
	}
}

// ofEdge is a device behind the edge node, or the edge node itself.
func ofEdge(id, at, name string, resources ...*roostv1.Resource) actors.Device {
	d := with(device(id, at, resources...), "payload=sparkplug group=G edge_node=N")
	if name != "" {
		with(d, "device="+name)
	}
	return d
}

func speedAndLevel() []*roostv1.Resource {
	return []*roostv1.Resource{readable("speed", isInt, "metric=speed"), writable("level", isInt, "metric=level")}
}

// opened returns a session with the device D, whose birth was asked for and has come, and the edge node.
func opened(t *testing.T, driver *mqtt.Driver, f *fake, d actors.Device) (actors.Session, *pushing, *edgeNode) {
	t.Helper()
	var n edgeNode
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		n.conn = f.conn(t)
		n.wantRebirth(t)
		n.birth(1)
	}()
	s := open(t, driver, d)
	<-asked
	return s, push(t, s, newSink()), &n
}

// TestRebirthIsAskedOnce: for one need once, and seldom, however many there are.
func TestRebirthIsAskedOnce(t *testing.T) {
	f := startFake(t, nil)
	_, p, n := opened(t, new(mqtt.Driver), f, ofEdge("d", f.at(), "D", speedAndLevel()...))
	p.sink.wait(t, 2)
	asked := time.Now()
	for range 20 {
		n.seq++ // a message that nobody gets
		n.say(sparkplug.DeviceData, "D", aliased(1, 11))
	}
	n.wantRebirth(t)
	if early := time.Since(asked); early < 900*time.Millisecond {
		t.Errorf("the birth was asked for again %v after it had come", early)
	}
	if topic, _ := n.commanded(t, 500*time.Millisecond); topic != "" {
		t.Errorf("%s came, and the rebirth was asked for once already", topic)
	}
	got := undated(p.sink.wait(t, 2+20))
	if want := "speed 11 uncertain comm failure"; got[2] != want {
		t.Errorf("after a gap came %q, want %q", got[2], want)
	}
	n.birth(1)
	n.say(sparkplug.DeviceData, "D", aliased(1, 12))
	if got := undated(p.sink.wait(t, 2+20+3)); got[len(got)-1] != "speed 12" {
		t.Errorf("after the rebirth came %q", got[22:])
	}
	if lost := p.sink.losses(); lost != 20 {
		t.Errorf("%d readings are declared lost, want 20", lost)
	}
}

// TestDeathOfAnEarlierBirth: a broker tells a last will late, when its edge node may be there again.
func TestDeathOfAnEarlierBirth(t *testing.T) {
	f := startFake(t, nil)
	_, p, n := opened(t, new(mqtt.Driver), f, ofEdge("d", f.at(), "D", speedAndLevel()...))
	p.sink.wait(t, 2)
	n.say(sparkplug.NodeDeath, "", named("bdSeq", 0, 0))
	n.say(sparkplug.DeviceData, "D", aliased(1, 11))
	if got := undated(p.sink.wait(t, 3)); got[2] != "speed 11" {
		t.Errorf("after an earlier birth's death came %q", got[2])
	}
	n.say(sparkplug.NodeDeath, "", named("bdSeq", 0, 1))
	p.wantEnd(t, roostv1.ErrOffline)
	want := []string{"speed - bad not connected", "level - bad not connected"}
	if diff := cmp.Diff(want, undated(p.sink.wait(t, 5))[3:]); diff != "" {
		t.Errorf("readings after the death (-want +got):\n%s", diff)
	}
}

// TestEdgeIsShared: devices of one edge node have one sequence, and who comes later is told what is known, without a rebirth.
func TestEdgeIsShared(t *testing.T) {
	f := startFake(t, nil)
	driver := new(mqtt.Driver)
	_, p, n := opened(t, driver, f, ofEdge("d", f.at(), "D", speedAndLevel()...))
	n.say(sparkplug.DeviceData, "D", aliased(2, 21))
	p.sink.wait(t, 3)
	line := push(t, open(t, driver, ofEdge("line", f.at(), "", readable("up", isInt, "metric=up"))), newSink())
	late := push(t, open(t, driver, ofEdge("late", f.at(), "D", append(speedAndLevel(), readable("none", isInt, "metric=none"))...)), newSink())
	got := make(map[string]bool)
	for _, one := range undated(late.sink.wait(t, 3)) {
		got[one] = true
	}
	if diff := cmp.Diff(map[string]bool{"speed 10": true, "level 21": true, "none - bad decode error": true}, got); diff != "" {
		t.Errorf("known of the device (-want +got):\n%s", diff)
	}
	n.say(sparkplug.NodeData, "", named("up", 0, 2))
	n.say(sparkplug.DeviceData, "D", aliased(1, 12))
	if got := undated(line.sink.wait(t, 2)); !cmp.Equal(got, []string{"up 1", "up 2"}) {
		t.Errorf("of the edge node came %q", got)
	}
	if got := undated(p.sink.wait(t, 4)); got[3] != "speed 12" {
		t.Errorf("of the device came %q", got)
	}
	if topic, _ := n.commanded(t, 100*time.Millisecond); topic != "" {
		t.Errorf("%s came, and nothing was missing", topic)
	}
	n.seq++
	n.say(sparkplug.DeviceData, "D", aliased(1, 13))
	n.say(sparkplug.NodeData, "", named("up", 0, 3))
	line.sink.wait(t, 3)
	if lost := line.sink.losses(); lost != 1 {
		t.Errorf("%d readings of the edge node are declared lost, want 1: it may have been its own", lost)
	}
}

// TestEdgeOrders: a metric is written in the datatype that it was born with, and not at all if it was not.
func TestEdgeOrders(t *testing.T) {
	f := startFake(t, nil)
	d := ofEdge("d", f.at(), "D", append(speedAndLevel(), writable("none", isInt, "metric=none"))...)
	s, _, n := opened(t, new(mqtt.Driver), f, d)
	level := actors.Action{Resource: "level", Value: roostv1.Int(-5)}
	if _, err := act(t, s, level, patience); err != nil {
		t.Fatal(err)
	}
	topic, metrics := n.commanded(t, patience)
	if topic != "spBv1.0/G/DCMD/N/D" || len(metrics) != 1 {
		t.Fatalf("at %q came %+v", topic, metrics)
	}
	m := metrics[0]
	if v, err := m.Value(m.Type); err != nil || m.Name != "level" || m.Alias != 2 || m.Type != sparkplug.Int32 || v.GetInt() != -5 {
		t.Errorf("written was %+v: %v, %v", m, v, err)
	}
	for _, a := range []actors.Action{
		{Resource: "none", Value: roostv1.Int(1)}, {Resource: "level", Value: roostv1.Int(1 << 40)}, {Resource: "level", Value: roostv1.Text("x")},
	} {
		if _, err := act(t, s, a, patience); !errors.Is(err, actors.ErrNotSent) {
			t.Errorf("write %s to %s: %v, want ErrNotSent", a.Value.Format(), a.Resource, err)
		}
	}
}

// TestDeviceThatIsNotBorn: an edge node that is born without a device says that it is away.
func TestDeviceThatIsNotBorn(t *testing.T) {
	f := startFake(t, nil)
	_, p, n := opened(t, new(mqtt.Driver), f, with(ofEdge("d", f.at(), "D", speedAndLevel()...), "presence_wait=1s"))
	p.sink.wait(t, 2)
	n.say(sparkplug.NodeBirth, "", named("bdSeq", 0, 1))
	if err := p.wantEnd(t, roostv1.ErrOffline); !strings.Contains(err.Error(), "edge node N was born, and the device was not") {
		t.Errorf("push ended with %v", err)
	}
}

// TestKeptBirth: what a broker has kept is of another time, and no birth.
func TestKeptBirth(t *testing.T) {
	f := startFake(t, func(c *fakeConn, p packets.ControlPacket) bool {
		if _, is := p.(*packets.SubscribePacket); is {
			kept := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
			kept.TopicName, kept.Retain = "spBv1.0/G/NBIRTH/N", true
			kept.Payload = sparkplug.EncodeSeq(time.Now(), 0, named("up", 0, 1))
			c.send(kept)
		}
		return false
	})
	d := with(ofEdge("line", f.at(), "", readable("up", isInt, "metric=up")), "presence_wait=200ms")
	if _, err := tryOpen(t, new(mqtt.Driver), d); !errors.Is(err, roostv1.ErrOffline) || !strings.Contains(err.Error(), "no birth of it has come from edge node N of group G") {
		t.Errorf("open: %v, want ErrOffline", err)
	}
}

// TestEdgeAcknowledges: what comes at QoS 1 is acknowledged when it is stored, and so is what is of no interest.
func TestEdgeAcknowledges(t *testing.T) {
	f := startFake(t, nil)
	_, p, n := opened(t, new(mqtt.Driver), f, ofEdge("d", f.at(), "D", speedAndLevel()...))
	p.sink.wait(t, 2)
	n.conn.publish("spBv1.0/G/DDATA/N/D", 1, 7, string(sparkplug.EncodeSeq(time.Now(), n.seq, aliased(1, 5))))
	n.conn.publish("spBv1.0/G/DDATA/N/E", 1, 8, string(sparkplug.EncodeSeq(time.Now(), n.seq+1)))
	acked := make(map[uint16]bool)
	for len(acked) < 2 {
		ack, came := next[*packets.PubackPacket](n.conn, patience)
		if !came {
			t.Fatalf("acknowledged was %v only", acked)
		}
		acked[ack.MessageID] = true
	}
	if got := undated(p.sink.wait(t, 3)); got[2] != "speed 5" {
		t.Errorf("came %q", got)
	}
}

func TestCheckOfSparkplug(t *testing.T) {
	good := ofEdge("d", "h:1", "D", readable("a", isDouble, "metric=a datatype=Float"), readable("b", isText, "metric=b datatype=DateTime"))
	good.Profile.Commands = []*roostv1.CommandSpec{{Name: "stop"}, {Name: "set", Arguments: []*roostv1.Argument{{Name: "to", Type: isInt}}}}
	with(good, "command.stop.metric=Stop command.set.metric=Set presence_wait=100ms")
	if err := new(mqtt.Driver).Check(good); err != nil {
		t.Error(err)
	}
	const metric = "metric=m"
	for _, test := range []struct{ address, protocol, says string }{
		{"payload=sparkplug group=G", metric, `address["edge_node"]: is needed`},
		{"payload=sparkplug edge_node=N", metric, `address["group"]: is needed`},
		{"payload=spb", metric, `address["payload"]: "spb" is none of any, sparkplug`},
		{"group=G", "topic=t", `address["group"]: is for devices that have payload: sparkplug`},
		{"", "topic=t metric=m", `protocol["metric"]: is for devices that have payload: sparkplug`},
		{"payload=sparkplug group=G edge_node=N device=a/b", metric, `address["device"]: "a/b" is no id of Sparkplug: it has a /`},
		{"payload=sparkplug group=# edge_node=N", metric, `address["group"]: "#" is no id of Sparkplug`},
		{"payload=sparkplug group=G edge_node=N base=b", metric, `address["base"]: is for devices with topics of their own`},
		{"payload=sparkplug group=G edge_node=N presence_wait=1h", metric, `address["presence_wait"]: "1h" is not a time`},
		{"payload=sparkplug group=G edge_node=N", "topic=t", `protocol["metric"]: is needed`},
		{"payload=sparkplug group=G edge_node=N", metric + " topic=t", `protocol["topic"]: unknown key; the mqtt driver has metric, datatype`},
		{"payload=sparkplug group=G edge_node=N", metric + " datatype=DataSet", `protocol["datatype"]: "DataSet" is none of Int8,`},
		{"payload=sparkplug group=G edge_node=N", metric + " datatype=String", `protocol["datatype"]: a String is no`},
	} {
		d := with(device("d", "h:1", readable("a", isInt, test.protocol)), test.address)
		if err := new(mqtt.Driver).Check(d); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: %v, want %q", test.address, test.protocol, err, test.says)
		}
	}
	bytes := ofEdge("d", "h:1", "D", readable("a", roostv1.ValueType_VALUE_TYPE_BYTES, metric))
	bytes.Profile.Commands = []*roostv1.CommandSpec{{Name: "a"}, {Name: "b", Arguments: []*roostv1.Argument{{Name: "x"}, {Name: "y"}}}}
	err := new(mqtt.Driver).Check(with(bytes, "command.b.metric=b"))
	for _, says := range []string{"and no metric that can be read is", `which metric is written: command.a.metric`, "has 2 arguments, and a metric takes one value"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want something with %q", err, says)
		}
	}
}
