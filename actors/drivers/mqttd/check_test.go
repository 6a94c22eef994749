package mqttd_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/mqttd"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestCheck(t *testing.T) {
	good := device("d", "127.0.0.1:1883", "client=ESP:12.3 base=site/{name} keepalive=1m away=0s")
	good.Profile.Resources = append(good.Profile.Resources, reads("all", isText, "topic={base}/+/# qos=1 retained=good"))
	if err := newDriver().Check(good); err != nil {
		t.Errorf("what is right: %v", err)
	}
	bad := device("d", "gateway:0", "client=a/b name=a/b base={other} username=u sleepy=true away=1s cert=cert.pem odd=1 command.go.topic=# command.go.refused=no",
		reads("a", isInt, "json=x"), reads("b", isInt, "topic=a/#/b write_topic=x"), reads("c", isInt, "topic={base}"),
		resource("d", isInt, roostv1.Access_ACCESS_WRITE, "topic=x write_topic=a/+"), reads("e", isInt, "topic=$SYS/x"))
	bad.Profile.Commands = []*roostv1.CommandSpec{{Name: "go"}, {Name: "stop"}, {Name: "steps", Steps: []*roostv1.Step{{Resource: "d"}}}}
	bad.Spec.Address["command.steps.payload"] = "x"
	if err := newDriver().Check(bad); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("what is wrong: %v", err)
	}
	var got []string
	for _, p := range mqttd.Problems(bad) {
		got = append(got, p.Error())
	}
	want := []string{
		`address["listen"]: "gateway:0" is not host:port with a port from 1 to 65535`,
		`address["cert"]: "cert.pem" is not an absolute path`,
		`address["listen"]: "gateway" is neither an IP address of the gateway nor localhost`,
		`address["cert"]: cert and key go together`,
		`address["client"]: "a/b" is not a client id of 1 to 128 letters, digits, _, ., : and -`,
		`address["name"]: "a/b" has a +, #, /, { or }, which topics use for other things`,
		`address["base"]: "{other}" is no topic: there is nothing called {other}, only {name} and {base}`,
		`address["away"]: a sleepy device may be away for any time`,
		`address["password"]: username and password go together`,
		`address["password"]: is needed, and username: gateway:0 can be reached from other machines`,
		`address["command.go.topic"]: "#" is no topic: + and # are for what is read; what is written goes to one topic`,
		`address["command.go.refused"]: is a response of the device, and there is no topic for one`,
		`address["command.steps.payload"]: command "steps" has steps, which write resources`,
		`address["odd"]: unknown key; the mqttd driver has listen, cert, key, client, username, password, name, keepalive, away, sleepy, base, ` +
			`command.go.topic, command.go.payload, command.go.response, command.go.refused, command.go.qos, command.go.retain, ` +
			`command.stop.topic, command.stop.payload, command.stop.response, command.stop.refused, command.stop.qos, command.stop.retain, ` +
			`command.steps.topic, command.steps.payload, command.steps.response, command.steps.refused, command.steps.qos, command.steps.retain`,
		`resources[0].protocol["topic"]: is needed: where its values come from`,
		`resources[0].protocol["json"]: "x" is no JSONPath, such as $.climate.temperature: jsonpath: unexpected identifier at position 1`,
		`resources[1].protocol["topic"]: "a/#/b" is no topic: in "a/#/b", + must be a level of its own, and # the last one`,
		`resources[1].protocol["write_topic"]: is for what is written, and b can only be read`,
		`resources[2].protocol["topic"]: "{base}" is no topic: it names {base}, and the address has none`,
		`resources[3].protocol["topic"]: is for what is read, and d can only be written`,
		`resources[3].protocol["write_topic"]: "a/+" is no topic: + and # are for what is read; what is written goes to one topic`,
		`resources[4].protocol["topic"]: "$SYS/x" is no topic: topics that begin with $ are a broker's own`,
		`commands[1].steps: command "stop" has none, and the device's address does not say where it is published: command.stop.topic`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
