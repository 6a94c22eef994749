package snmp_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCheckAccepts what is right.
func TestCheckAccepts(t *testing.T) {
	for _, address := range []string{
		"agent=ups", "agent=10.0.0.1:1161 version=1 community=env:C write_community=file:/w reply=3s retries=0 most=60", "agent=[::1]:161", "agent=::1",
		"agent=[::1]", "agent=ups version=3 user=u", "agent=ups version=3 user=u auth=SHA256 auth_password=env:A context=vlan_1",
		"agent=ups version=3 user=u auth=SHA auth_password=env:A privacy=AES256C privacy_password=env:P traps=0.0.0.0:162",
		"agent=ups traps=127.0.0.1:162", "agent=ups traps=[::]:162 trap_community=env:T", "agent=ups traps=0.0.0.0:162 community=env:C",
	} {
		if err := (*snmp.Driver)(nil).Check(device("d", address, resource("r", isUint, "oid=1.3.6.1.2.1.1.3.0"))); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, r := range []*roostv1.Resource{
		resource("r", isInt, "oid=.1.3.6"), resource("r", isDouble, "oid=1.3.6 scale=0.1 offset=-5 type=unsigned"), resource("r", isBool, "oid=1.3 true=3 false=0"),
		reading("r", isBool, "oid=1.3 bit=12"), resource("r", isText, "oid=1.3 words=1=a,2=b_c"), resource("r", isText, "oid=1.3 words=1.3.6=a type=oid"),
		resource("r", isText, "oid=2.999.4294967295 type=hex"), resource("r", isText, "oid=1.3 type=ip"), resource("r", isBytes, "oid=1.3"),
		reading("r", isText, "oid=1.3 words=1.3.6=a,-1=b type=unsigned"), reading("r", isBool, "oid=1.3 true=-1 type=unsigned"),
		resource("r", isText, "oid=1.3 words=4294967295=a,0=b type=unsigned"), resource("r", isBool, "oid=1.3 true=-1"),
		resource("r", isInt, "oid=1.3 type=octets"), resource("r", isUint, "oid=1.3 type=counter64 source=get"),
	} {
		if err := (*snmp.Driver)(nil).Check(device("d", "agent=a", r)); err != nil {
			t.Errorf("%v: %v", r.Protocol, err)
		}
	}
}

// TestCheckRefuses what is wrong, and says where and what would be right.
func TestCheckRefuses(t *testing.T) {
	const fine, some = "agent=ups", "oid=1.3.6.1.2.1.1.3.0"
	for _, test := range []struct {
		address, protocol string
		kind              roostv1.ValueType
		says              string
	}{
		{"", some, isUint, `address["agent"]: is needed: the host of the device's SNMP agent`},
		{"agent=", some, isUint, `address["agent"]: is empty`},
		{"agent=ups:0", some, isUint, `address["agent"]: "ups:0" is not a host, nor host:port`},
		{"agent=udp://ups", some, isUint, `is not a host`},
		{fine + " version=2", some, isUint, `address["version"]: "2" is none of 1, 2c, 3`},
		{fine + " community=public", some, isUint, `address["community"]: a secret is not written here`},
		{fine + " user=u", some, isUint, `address["user"]: is for version 3`},
		{fine + " version=3", some, isUint, `address["user"]: is needed: who asks`},
		{fine + " version=3 user=" + strings.Repeat("u", 33), some, isUint, `address["user"]: is longer than 32 octets`},
		{fine + " version=3 user=u community=env:C", some, isUint, `address["community"]: is for versions 1 and 2c`},
		{fine + " version=3 user=u auth=SHA1", some, isUint, `address["auth"]: "SHA1" is none of none, MD5, SHA, SHA224`},
		{fine + " version=3 user=u auth=SHA", some, isUint, `address["auth_password"]: is needed`},
		{fine + " version=3 user=u auth_password=env:A", some, isUint, `address["auth_password"]: is for auth, which is none`},
		{fine + " version=3 user=u privacy=AES privacy_password=env:P", some, isUint, `address["privacy"]: nothing is encrypted without`},
		{fine + " version=3 user=u auth=SHA auth_password=hunter2", some, isUint, `address["auth_password"]: a secret is not written here`},
		{fine + " reply=soon", some, isUint, `address["reply"]: "soon" is not a time`},
		{fine + " retries=11", some, isUint, "0 to 10"},
		{fine + " most=0", some, isUint, "1 to 128"},
		{fine + " traps=162", some, isUint, `address["traps"]: "162" is not host:port`},
		{fine + " traps=gateway:162", some, isUint, `address["traps"]: "gateway:162" is not the address of this gateway's`},
		{fine + " traps=0.0.0.0:162", some, isUint, "a community of the device's own is needed, not public"},
		{fine + " traps=0.0.0.0:162 version=3 user=u", some, isUint, "the user needs auth"},
		{fine + " trap_community=env:T", some, isUint, "the device has no traps"},
		{fine + " port=161", some, isUint, `address["port"]: unknown key; the snmp driver has agent`},

		{fine, "", isUint, `resources[0].protocol["oid"]: is needed`},
		{fine, "oid=sysUpTime.0", isUint, `"sysUpTime.0" is not an object identifier in numbers`},
		{fine, "oid=1", isUint, `"1" is not an object identifier in numbers`},
		{fine, "oid=1.3..6", isUint, `"" is not a number`},
		{fine, "oid=1.3.06", isUint, `"06" is not a number`},
		{fine, "oid=1.3.4294967296", isUint, `is not a number from 0 to 4294967295`},
		{fine, "oid=3.1", isUint, "none begins with 3"},
		{fine, "oid=1.40", isUint, "none begins with 1.40"},
		{fine, "oid=1.3" + strings.Repeat(".1", 127), isUint, "is not an object identifier"},
		{fine, some + " source=poll", isUint, `"poll" is none of get, trap, both`},
		{fine, some + " source=trap", isUint, `resources[0].protocol["source"]: r comes with traps`},
		{fine, some + " type=counter32", isUint, `"counter32" is none of`},
		{fine, some + " type=octets", isBool, "r is a BOOL and is not made of octets"},
		{fine, some + " type=oid", isInt, "is not made of oid"},
		{fine, some + " type=float", isInt, "is not made of float"},
		{fine, some + " type=hex", isBytes, "is not made of hex"},
		{fine, some + " type=integer", isText, "is not made of integer"},
		{fine, some + " words=1=a type=octets", isText, "is not made of octets"},
		{fine, some + " words=1=a", isUint, `protocol["words"]: are for a STRING`},
		{fine, some + " words=a=1", isText, `"a=1" is not a number or an object identifier with its word`},
		{fine, some + " words=05=a", isText, `"05=a" is not a number or an object identifier with its word`},
		{fine, some + " words=1=a,1=b", isText, "1 is a already"},
		{fine, some + " words=1=a,2=a", isText, "a is 1 already"},
		{fine, some + " scale=2", isUint, `protocol["scale"]: is for a DOUBLE`},
		{fine, some + " scale=0", isDouble, "every value would be the same"},
		{fine, some + " offset=x", isDouble, `"x" is not a number`},
		{fine, some + " bit=1", isUint, "is for a BOOL"},
		{fine, some + " bit=1", isBool, "a bit cannot be written"},
		{fine, some + " bit=1 true=1", isBool, "says nothing of a bit"},
		{fine, some + " true=2", isBool, "is 2, which is true"},
		{fine, some + " words=1.5=x,2=y", isText, `protocol["words"]: x is 1.5, which is no integer and cannot be written`},
		{fine, some + " words=2147483648=x", isText, "x is 2147483648, which is no integer"},
		{fine, some + " words=-1=x type=unsigned", isText, "x is -1, which is no unsigned"},
		{fine, some + " words=7=x type=oid", isText, "x is 7, which is no oid"},
		{fine, some + " true=-1 type=unsigned", isBool, `protocol["true"]: is -1, which is no unsigned and cannot be written`},
		{fine, some + " false=-1 type=unsigned", isBool, `protocol["false"]: is -1, which is no unsigned`},
		{fine, some + " object=5", isUint, "unknown key"},
	} {
		err := (*snmp.Driver)(nil).Check(device("d", test.address, resource("r", test.kind, test.protocol)))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: %v, want %q", test.address, test.protocol, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
	wrong := fine + " version=3 user=u auth=SHA1 auth_password=env:A privacy=AES privacy_password=env:P"
	if err := (*snmp.Driver)(nil).Check(device("d", wrong)); len(roostv1.ProblemsOf(err)) != 1 {
		t.Errorf("a wrong word for auth is all that is wrong: %v", err)
	}
	commands := device("d", fine)
	commands.Profile.Commands = []*roostv1.CommandSpec{{Name: "start"}}
	if err := (*snmp.Driver)(nil).Check(commands); err == nil || !strings.Contains(err.Error(), "commands[0].steps") {
		t.Errorf("a command without steps: %v", err)
	}
	if _, err := newDriver().Open(t.Context(), actors.Device{Spec: commands.Spec}); err == nil {
		t.Error("a device without a profile was opened")
	}
}
