package mqtt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// commanded has three commands: go with the argument n, stop, and on with a step.
func commanded(d actors.Device) actors.Device {
	d.Profile.Commands = []*roostv1.CommandSpec{
		{Name: "go", Arguments: []*roostv1.Argument{{Name: "n", Type: isInt}}},
		{Name: "stop"},
		{Name: "on", Steps: []*roostv1.Step{{Resource: "b"}}},
	}
	return d
}

const goes = "command.go.topic=g command.stop.topic=s "

func TestCheckAccepts(t *testing.T) {
	full := with(device("d1", "",
		readable("a", isInt, "topic={base}/+/x qos=0 retained=skip json=$.a"),
		writable("b", isBool, "topic={base}/# write_topic=cmnd/{name} write_qos=2 write_retain=true true=ON false=OFF write={value}"),
	), "broker=ssl://localhost:8883 ca=/ca.pem cert=/c.pem key=env:KEY client_id=x-{gateway} username=u password=file:/p keepalive=10s"+
		" base=a/{name} name=n qos=0 presence={base}/p online=1 offline=0 presence_wait=0s "+goes+
		" command.go.payload={n} command.go.response=r command.go.refused=no command.go.qos=2 command.go.retain=true")
	devices := []actors.Device{commanded(full)}
	for _, url := range []string{"tcp://h:1", "mqtt://h:1", "ssl://h:1", "ws://h:1/mqtt", "wss://[::1]:443/a/b"} {
		devices = append(devices, with(device("d", ""), "broker="+url))
	}
	for _, d := range devices {
		if err := newDriver().Check(d); err != nil {
			t.Errorf("%v: %v", d.Spec.Address, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	const topic = "topic=t"
	const url = "is not scheme://host:port with one of tcp, ssl, ws and wss"
	for _, test := range []struct{ address, protocol, says string }{
		{"broker=", topic, `address["broker"]: is empty`},
		{"broker=localhost:1883", topic, url},
		{"broker=http://h:1", topic, url},
		{"broker=tcp://h", topic, url},
		{"broker=tcp://h:0", topic, url},
		{"broker=%", topic, url},
		{"broker=tcp://h:1/x", topic, `address["broker"]: "tcp://h:1/x" has something behind host:port`},
		{"broker=ws://h:1?x=1", topic, "has something behind"},
		{"broker=tcp://u:hunter2@h:1", topic, `address["broker"]: has a user name in it`},
		{"client_id=", topic, `address["client_id"]: is empty`},
		{"username=u password=p", topic, `address["password"]: a secret is not written here`},
		{"password=file:/p", topic, "MQTT has no password without a username"},
		{"ca=/ca.pem", topic, `address["ca"]: is for brokers at ssl:// and wss://`},
		{"broker=ssl://h:1 ca=ca.pem", topic, `address["ca"]: "ca.pem" is not an absolute path`},
		{"broker=ssl://h:1 cert=/c.pem", topic, "cert and key go together"},
		{"keepalive=10ms", topic, `address["keepalive"]: "10ms" is not a time from 1s`},
		{"qos=3", topic, `address["qos"]: "3" is not a number from 0 to 2`},
		{"name=a/+", topic, `address["name"]: "a/+" has a +`},
		{"base={base}", topic, "there is nothing called {base}, only"},
		{"base=a/#", topic, `address["base"]: "a/#" is no topic: + and # are for what is read`},
		{"online=on", topic, `address["online"]: is of presence, and there is none`},
		{"presence=p online=offline", topic, `address["offline"]: is the same as online`},
		{"odd=1", topic, `address["odd"]: unknown key`},
		{"command.on.topic=t", topic, `address["command.on.topic"]: command "on" has steps`},
		{"command.go.refused=no", topic, `address["command.go.refused"]: is a response`},
		{"command.go.qos=0", topic, `address["command.go.qos"]: "0" is not a number from 1 to 2`},
		{"command.go.payload={m}", topic, "nothing is called {m}"},
		{"command.go.topic=t/+", topic, "what is written goes to one topic"},
		{"command.go.topic=", topic, `address["command.go.topic"]: is empty`},
		{"command.no.topic=x", topic, `address["command.no.topic"]: unknown key`},
		{"", "", `resources[0].protocol["topic"]: is needed: where its values come from`},
		{"", "topic=", "is empty"},
		{"", "topic={bsae}/x", "there is nothing called {bsae}, only {name} and {base}"},
		{"", "topic={base}/x", "it names {base}, and the address has none"},
		{"", "topic=a/b+", "must be a level of its own"},
		{"", "topic=a/#/b", "# the last one"},
		{"", "topic=$share/g/t", "a shared subscription"},
		{"", "topic=a\x00b", "characters that a topic cannot have"},
		{"", "topic=t qos=-1", `resources[0].protocol["qos"]: "-1" is not a number from 0 to 2`},
		{"", "topic=t retained=old", `"old" is none of uncertain, good, skip`},
		{"", "topic=t write_topic=x", `resources[0].protocol["write_topic"]: is for what is written`},
		{"", "topic=t scale=2", `resources[0].protocol["scale"]`},
		{"", "topic=t regsiter=1", "unknown key; the mqtt driver has topic, qos, retained"},
	} {
		d := with(device("d", "h:1", readable("a", isInt, test.protocol), writable("b", isBool, "topic=b write_topic=b")), goes+test.address)
		err := newDriver().Check(commanded(d))
		if !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: got %v, want something with %q", test.address, test.protocol, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a password is shown: %v", err)
		}
	}
	writes := func(protocol string) actors.Device { return device("d", "h:1", writable("b", isBool, protocol)) }
	for _, test := range []struct {
		device actors.Device
		says   string
	}{
		{actors.Device{}, "needs a device and its profile"},
		{device("d", ""), `address["broker"]`},
		{writes("topic=t"), `resources[0].protocol["write_topic"]: is needed: where its values go`},
		{writes("topic=t write_topic=a/+"), "what is written goes to one topic"},
		{writes("topic=t write_topic=a write_qos=0"), `"0" is not a number from 1 to 2`},
		{commanded(device("d", "h:1")), `commands[0].steps: command "go" has none, and the device's address does not say where it is published: command.go.topic`},
	} {
		if err := newDriver().Check(test.device); !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("got %v, want something with %q", err, test.says)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		filter, topic string
		want          bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a", "a/b", false}, {"a/b", "a", false},
		{"+", "a", true}, {"+", "a/b", false}, {"a/+", "a/b", true}, {"a/+", "a", false}, {"a/+", "a/", true}, {"+/b", "a/b", true},
		{"#", "a/b/c", true}, {"a/#", "a", true}, {"a/#", "a/b/c", true}, {"a/#", "b", false}, {"a/+/#", "a", false}, {"a/+/#", "a/b", true},
		{"/a", "/a", true}, {"+/a", "/a", true}, {"a//b", "a//b", true}, {"a/+/b", "a//b", true},
		{"#", "$SYS/x", false}, {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true},
	} {
		if got := mqtt.Matches(test.filter, test.topic); got != test.want {
			t.Errorf("%q matches %q: %v, want %v", test.filter, test.topic, got, test.want)
		}
	}
}
