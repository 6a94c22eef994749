package modbus_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// device returns a Modbus device; the address is in words: tcp=host:port unit=2.
func device(id, address string, resources ...*roostv1.Resource) actors.Device {
	spec := &roostv1.DeviceSpec{Id: id, Profile: "p", Driver: modbus.Name, Address: map[string]string{}}
	for _, word := range strings.Fields(address) {
		key, value, _ := strings.Cut(word, "=")
		spec.Address[key] = value
	}
	return actors.Device{Spec: spec, Profile: &roostv1.Profile{Id: "p", Resources: resources}}
}

// TestCheckAccepts what is right.
func TestCheckAccepts(t *testing.T) {
	for _, address := range []string{
		"tcp=meter:502", "tcp=[::1]:502 unit=255 pause=20ms gap=8 most=60 reply=3s", "rtu=10.0.0.1:4001 unit=247",
		"serial=/dev/ttyUSB0", "serial=COM3 baud=9600 parity=none stop=1 unit=1",
	} {
		if err := (*modbus.Driver)(nil).Check(device("d", address, resource("r", isUint, "address=0"))); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestCheckRefuses what is wrong, and says where and what would be right.
func TestCheckRefuses(t *testing.T) {
	fine := "tcp=meter:502"
	for _, test := range []struct {
		address, protocol string
		kind              roostv1.ValueType
		says              string
	}{
		{"", "address=0", isUint, `address["tcp"]: tcp, rtu or serial is needed`},
		{"tcp=meter", "address=0", isUint, `address["tcp"]: "meter" is not host:port`},
		{"tcp=meter:0", "address=0", isUint, "from 1 to 65535"},
		{"tcp=a:1 rtu=b:1", "address=0", isUint, `address["rtu"]: there is tcp already`},
		{"serial=", "address=0", isUint, `address["serial"]: "" is not the name of a serial port`},
		{"rtu=a:1 unit=0", "address=0", isUint, `address["unit"]: "0" is not a number from 1 to 247`},
		{"tcp=a:1 unit=256", "address=0", isUint, "0 to 255"},
		{"tcp=a:1 baud=9600", "address=0", isUint, `address["baud"]: is for serial ports, and the device is reached by tcp`},
		{"serial=/dev/x baud=fast", "address=0", isUint, `"fast" is not a number from 300`},
		{"serial=/dev/x parity=mark", "address=0", isUint, "none of even, odd, none"},
		{"serial=/dev/x stop=3", "address=0", isUint, "from 1 to 2"},
		{"tcp=a:1 pause=2s", "address=0", isUint, "from 0s to 1s"},
		{"tcp=a:1 reply=soon", "address=0", isUint, `address["reply"]: "soon" is not a time`},
		{"tcp=a:1 gap=200", "address=0", isUint, "0 to 124"},
		{"tcp=a:1 most=1", "address=0 encoding=uint32", isUint, "r has 2 registers, and the device gives 1 at once"},
		{"tcp=a:1 speed=9", "address=0", isUint, `address["speed"]: unknown key`},

		{fine, "", isUint, `resources[0].protocol["address"]: is needed`},
		{fine, "address=65536", isUint, `"65536" is not a number from 0 to 65535`},
		{fine, "address=0x", isUint, `"0x" is not`},
		{fine, "address=65535 encoding=uint32", isUint, "2 registers from 65535 go beyond the last"},
		{fine, "address=0 table=coils", isBool, `"coils" is none of coil, discrete, holding, input`},
		{fine, "address=0 table=coil", isUint, "a coil is a BOOL, and r is a UINT"},
		{fine, "address=0 table=coil bit=1", isBool, `protocol["bit"]: is for registers`},
		{fine, "address=0", isBool, `protocol["bit"]: is needed`},
		{fine, "address=0 bit=16", isBool, "0 to 15"},
		{fine, "address=0 bit=1", isUint, "bit"},
		{fine, "address=0 bit=1 write=multiple", isBool, "one way only"},
		{fine, "address=0 encoding=float32", isInt, "cannot be made of float32"},
		{fine, "address=0 encoding=int16", isUint, "cannot be made of int16"},
		{fine, "address=0 encoding=text length=2", isDouble, "cannot be made of text"},
		{fine, "address=0 encoding=word", isUint, `"word" is none of`},
		{fine, "address=0 order=ACBD", isUint, `"ACBD" is none of`},
		{fine, "address=0 scale=2", isUint, `protocol["scale"]: is for a DOUBLE`},
		{fine, "address=0 scale=0", isDouble, "every value would be the same"},
		{fine, "address=0 scale=NaN", isDouble, "not a number"},
		{fine, "address=0", isText, `protocol["length"]: is needed`},
		{fine, "address=0 length=124", isText, "1 to 123"},
		{fine, "address=0 length=2", isUint, "is for text and bytes"},
		{fine, "address=0 encoding=uint32 write=single", isUint, "single writes one register"},
		{fine, "address=0 register=5", isUint, "unknown key"},
	} {
		err := (*modbus.Driver)(nil).Check(device("d", test.address, resource("r", test.kind, test.protocol)))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: %v, want %q", test.address, test.protocol, err, test.says)
		}
	}
	only := resource("r", isUint, "address=0")
	only.Protocol["table"] = "input" // to be written
	if err := (*modbus.Driver)(nil).Check(device("d", fine, only)); err == nil || !strings.Contains(err.Error(), "nobody can write") {
		t.Errorf("an input register that is to be written: %v", err)
	}
	commands := device("d", fine)
	commands.Profile.Commands = []*roostv1.CommandSpec{{Name: "start"}}
	if err := (*modbus.Driver)(nil).Check(commands); err == nil || !strings.Contains(err.Error(), "commands[0].steps") {
		t.Errorf("a command without steps: %v", err)
	}
}
