package mqtt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The broker here is mosquitto, and devices are its clients: programs that nobody here wrote.

func TestReadings(t *testing.T) {
	b := startBroker(t)
	b.publish(t, "z/kitchen", `{"temp": 19, "at": "2026-01-02T03:04:05Z"}`, "-r")
	b.publish(t, "z/kitchen/state", "ON", "-r")
	b.publish(t, "z/kitchen/name", "old", "-r")
	d := device("d1", b.at,
		readable("temp", isDouble, "topic={base} json=$.temp scale=2"),
		readable("dated", isDouble, "topic={base} json=$.temp time=$.at"),
		readable("lamp", isBool, "topic={base}/state true=ON false=OFF retained=good"),
		readable("name", isText, "topic=z/{name}/name retained=skip"),
		readable("any", isInt, "topic=z/+/any"))
	s := open(t, newDriver(), with(d, "base=z/{name} name=kitchen"))
	p := push(t, s, newSink())
	p.sink.wait(t, 3)
	b.publish(t, "z/kitchen", `{"temp": "20.5"}`)
	b.publish(t, "z/kitchen/state", "OFF")
	b.publish(t, "z/kitchen/state", "BROKEN")
	b.publish(t, "z/kitchen/name", "new")
	b.publish(t, "z/cellar/any", "7")
	got := p.sink.wait(t, 3+2+1+1+1+1)
	want := map[string]int{
		"temp 38 uncertain stale": 1, "dated 19 2026-01-02T03:04:05Z": 1, "lamp true": 1,
		"temp 41": 1, "dated 20.5": 1, "lamp false": 1, "lamp - bad decode error": 1, `name new`: 1, "any 7": 1,
	}
	seen := make(map[string]int)
	for _, one := range got {
		seen[one]++
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

func TestContract(t *testing.T) {
	b := startBroker(t)
	b.feed(t, "c/d1/speed", "5")
	d := device("d1", b.at,
		writable("speed", isInt, "topic={base}/speed write_topic={base}/speed/set"),
		readable("on", isBool, "topic={base}/on"))
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "stop", WriteKind: roostv1.WriteKind_WRITE_KIND_PULSE}}
	with(d, "base=c/d1 command.stop.topic={base}/stop command.stop.qos=2 presence={base}/presence presence_wait=10ms")
	drivertest.Run(t, newDriver(), d, drivertest.Options{
		Actions: []actors.Action{{Resource: "speed", Value: roostv1.Int(900)}, {Command: "stop"}},
		Refused: []actors.Action{{Resource: "on", Value: roostv1.Bool(true)}, {Resource: "speed", Value: roostv1.Text("fast")}},
		Bad:     []actors.Device{device("bad", "nowhere"), device("bad", b.at, readable("on", isBool, ""))},
	})
}

func TestWrites(t *testing.T) {
	b := startBroker(t)
	heard := b.subscribe(t, "w/#")
	d := device("lamp", b.at,
		writable("level", isInt, `topic=w/{name}/level write_topic=w/{name}/set write={"level":{value}}`),
		writable("kept", isBool, `topic=w/{name}/kept write_topic=w/{name}/kept write_retain=true write_qos=2 true=1 false=0`))
	s := open(t, newDriver(), d)
	for _, a := range []actors.Action{{Resource: "level", Value: roostv1.Int(7)}, {Resource: "kept", Value: roostv1.Bool(true)}} {
		if _, err := act(t, s, a, patience); err != nil {
			t.Fatal(err)
		}
	}
	heard.Wait(t, `got w/lamp/set 0 {"level":7}`)
	heard.Wait(t, "got w/lamp/kept 0 1")
	b.subscribe(t, "w/lamp/kept").Wait(t, "got w/lamp/kept 1 1")
}

func TestCommands(t *testing.T) {
	b := startBroker(t)
	d := device("robot", b.at, readable("said", isText, "topic=r/robot/said"))
	d.Profile.Commands = []*roostv1.CommandSpec{
		{Name: "move", Arguments: []*roostv1.Argument{{Name: "by", Type: isInt}, {Name: "how", Type: isText}}},
		{Name: "stop"},
	}
	with(d, `command.move.topic=r/{name}/move command.move.response=r/{name}/said command.move.refused=no command.stop.topic=r/stop command.stop.payload=now`)
	s := open(t, newDriver(), d)
	move := actors.Action{Command: "move", Arguments: map[string]*roostv1.Value{"by": roostv1.Int(3), "how": roostv1.Text(`"fast"`)}}

	heard := b.subscribe(t, "r/#")
	said := push(t, s, newSink())
	b.publish(t, "r/robot/said", "of long ago")
	said.sink.wait(t, 1)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		heard.Wait(t, `got r/robot/move 0 {"by":3,"how":"\"fast\""}`)
		b.publish(t, "r/robot/said", "done")
	}()
	got, err := act(t, s, move, patience)
	if err != nil || got["response"].GetString_() != "done" {
		t.Errorf("got %v, %v; want the answer", got, err)
	}
	<-answered
	if _, err := act(t, s, actors.Action{Command: "stop"}, patience); err != nil {
		t.Error(err)
	}
	heard.Wait(t, "got r/stop 0 now")

	move.Arguments["by"] = roostv1.Int(4)
	answered = make(chan struct{})
	go func() {
		defer close(answered)
		heard.Wait(t, `"by":4`)
		b.publish(t, "r/robot/said", "no")
	}()
	if _, err := act(t, s, move, patience); !errors.Is(err, actors.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	<-answered
	if _, err := act(t, s, move, 300*time.Millisecond); err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused) {
		t.Errorf("got %v, want an outcome that is not known: no answer came", err)
	}
}

// TestPresence: a device whose last will was published fails, and opens again when it is back.
func TestPresence(t *testing.T) {
	b := startBroker(t)
	d := device("esp", b.at, readable("temp", isDouble, "topic={base}/temp"), writable("led", isBool, "topic={base}/led write_topic={base}/led/set"))
	with(d, "base=esp presence={base}/status online=here offline=gone presence_wait=5s")
	// The device is mosquitto_sub with a last will.
	esp := b.subscribe(t, "esp/led/set", "--will-topic", "esp/status", "--will-payload", "gone", "--will-retain")
	b.publish(t, "esp/status", "here", "-r")
	driver := newDriver()
	s := open(t, driver, d)
	p := push(t, s, newSink())
	b.publish(t, "esp/temp", "21")
	p.sink.wait(t, 1)

	killed := time.Now()
	esp.Kill()
	p.wantEnd(t, roostv1.ErrOffline)
	t.Logf("the device was killed: its session failed %v later", time.Since(killed).Round(time.Millisecond))
	want := []string{"temp 21", "temp - bad not connected", "led - bad not connected"}
	if diff := cmp.Diff(want, p.sink.wait(t, 3)); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	if _, err := act(t, s, actors.Action{Resource: "led", Value: roostv1.Bool(true)}, patience); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("write to a device that is away: %v, want ErrNotSent", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}

	with(d, "presence_wait=100ms")
	if _, err := tryOpen(t, driver, d); !errors.Is(err, roostv1.ErrOffline) {
		t.Errorf("open of a device that is away: %v, want ErrOffline", err)
	}
	with(d, "presence_wait=10s")
	back := make(chan struct{})
	go func() {
		defer close(back)
		b.publish(t, "esp/status", "here", "-r")
	}()
	open(t, driver, d)
	<-back
}

// TestRetainedForEach: two devices that read one topic get what was kept once each.
func TestRetainedForEach(t *testing.T) {
	b := startBroker(t)
	b.publish(t, "shared", "1", "-r")
	driver := newDriver()
	first := push(t, open(t, driver, device("d1", b.at, readable("n", isInt, "topic=shared"))), newSink())
	first.sink.wait(t, 1)
	second := push(t, open(t, driver, device("d2", b.at, readable("n", isInt, "topic=shared"))), newSink())
	second.sink.wait(t, 1)
	b.publish(t, "shared", "2")
	for _, p := range []*pushing{first, second} {
		if diff := cmp.Diff([]string{"n 1 uncertain stale", "n 2"}, p.sink.wait(t, 2)); diff != "" {
			t.Errorf("readings (-want +got):\n%s", diff)
		}
	}
}
