package opcua_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/opcua"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCheckAccepts what is right.
func TestCheckAccepts(t *testing.T) {
	for _, address := range []string{
		"endpoint=opc.tcp://plc", "endpoint=opc.tcp://[::1]:4841/path read=monitor interval=250ms silence=5 most=50",
		"endpoint=opc.tcp://plc security=Basic256Sha256 mode=Sign server_certificate=/s.pem certificate=/c.pem key=env:KEY",
		"endpoint=opc.tcp://plc user_certificate=/u.pem user_key=env:KEY",
		"endpoint=opc.tcp://plc user=anna password=file:/p clear=true server_certificate=/s.pem",
	} {
		for _, protocol := range []string{
			"node=ns=2;s=Level", "node=i=2258", "node=ns=3;i=70000 sampling=1ms", "node=nsu=urn:plant;s=a;b=c index=3",
			"node=ns=1;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63 type=Float", "node=ns=1;b=AQI=",
		} {
			if err := (*opcua.Driver)(nil).Check(device("d", address, resource("r", isDouble, protocol))); err != nil {
				t.Errorf("%s, %s: %v", address, protocol, err)
			}
		}
	}
}

// TestCheckRefuses what is wrong, and says where and what would be right.
func TestCheckRefuses(t *testing.T) {
	const fine, node = "endpoint=opc.tcp://plc", "node=ns=2;s=Level"
	const secure = fine + " security=Basic256Sha256"
	for _, test := range []struct {
		address, protocol string
		kind              roostv1.ValueType
		says              string
	}{
		{"", node, isUint, `address["endpoint"]: is needed: where the server is`},
		{"endpoint=http://plc", node, isUint, `address["endpoint"]: "http://plc" is not a URL such as opc.tcp://host:4840/path`},
		{"endpoint=opc.tcp://", node, isUint, "is not a URL"},
		{"endpoint=opc.tcp://anna:hunter2@plc", node, isUint, `address["endpoint"]: has a user in it`},
		{"endpoint=opc.tcp://plc:0", node, isUint, "has a port that is not from 1 to 65535"},
		{fine + " security=Basic256", node, isUint, `"Basic256" is none of None, Basic256Sha256`},
		{fine + " user_certificate=/u.pem", node, isUint, `address["user_certificate"]: is needed with user_key`},
		{fine + " user_key=file:/u.key", node, isUint, `address["user_certificate"]: is needed with user_key`},
		{fine + " user=a password=env:P user_certificate=/u.pem user_key=env:K", node, isUint, "there is a user with a password already"},
		{fine + " mode=Sign", node, isUint, `address["mode"]: is for connections with security`},
		{fine + " certificate=/c.pem", node, isUint, `address["certificate"]: is for connections with security`},
		{secure, node, isUint, `address["server_certificate"]: is needed`},
		{secure, node, isUint, `address["certificate"]: is needed`},
		{secure, node, isUint, `address["key"]: is needed`},
		{secure + " mode=Encrypt", node, isUint, `"Encrypt" is none of Sign, SignAndEncrypt`},
		{secure + " certificate=c.pem", node, isUint, `address["certificate"]: "c.pem" is not an absolute path`},
		{secure + " key=secret", node, isUint, `address["key"]: a secret is not written here`},
		{fine + " user=anna", node, isUint, `address["password"]: is needed: where the password of "anna" is`},
		{fine + " user=anna password=hunter2", node, isUint, `address["password"]: a secret is not written here`},
		{fine + " password=env:P", node, isUint, `address["password"]: is of a user, and there is none`},
		{fine + " clear=true", node, isUint, `address["clear"]: is for a password`},
		{fine + " read=push", node, isUint, `"push" is none of poll, monitor`},
		{fine + " interval=1s", node, isUint, `address["interval"]: is for read=monitor`},
		{fine + " silence=9", node, isUint, `address["silence"]: is for read=monitor`},
		{fine + " read=monitor interval=1ms", node, isUint, "from 10ms to 1h0m0s"},
		{fine + " read=monitor silence=2", node, isUint, "from 3 to 1000"},
		{fine + " most=0", node, isUint, "from 1 to 10000"},
		{fine + " rate=3", node, isUint, `address["rate"]: unknown key`},

		{fine, "", isUint, `resources[0].protocol["node"]: is needed`},
		{fine, "node=Level", isUint, `protocol["node"]: "Level" is not the id of a node, such as ns=2;s=Name`},
		{fine, "node=ns=x;s=Level", isUint, "is not the id of a node"},
		{fine, "node=ns=70000;i=1", isUint, "is not the id of a node"},
		{fine, "node=ns=1;i=-1", isUint, "is not the id of a node"},
		{fine, "node=ns=1;g=1", isUint, "is not the id of a node"},
		{fine, node + " index=-1", isUint, `protocol["index"]: "-1" is not a number`},
		{fine, node + " sampling=fast", isUint, `protocol["sampling"]: "fast" is not a time from 1ms to 1h0m0s`},
		{fine, node + " type=Real", isUint, `protocol["type"]: "Real" is none of Boolean`},
		{fine, node + " type=String", isUint, "r is a UINT and cannot be written as String"},
		{fine, node + " type=Boolean", isDouble, "r is a DOUBLE and cannot be written as Boolean"},
		{fine, node + " attribute=Value", isUint, `protocol["attribute"]: unknown key; the opcua driver has node, index, type, sampling`},
	} {
		err := (*opcua.Driver)(nil).Check(device("d", test.address, resource("r", test.kind, test.protocol)))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: %v, want %q", test.address, test.protocol, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is told: %v", err)
		}
	}
	if err := (*opcua.Driver)(nil).Check(device("d", fine, readOnly("r", isUint, node+" type=UInt16"))); err == nil || !strings.Contains(err.Error(), "r cannot be written") {
		t.Errorf("a type of what is only read: %v", err)
	}
	commands := device("d", fine)
	commands.Profile.Commands = []*roostv1.CommandSpec{{Name: "start"}, {Name: "steps", Steps: []*roostv1.Step{{Resource: "r"}}}}
	err := (*opcua.Driver)(nil).Check(commands)
	if err == nil || !strings.Contains(err.Error(), `address["object.start"]: is needed: command start has no steps`) || strings.Contains(err.Error(), "object.steps") {
		t.Errorf("a command without a method: %v", err)
	}
}
