package main_test

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// modbusPort listens as a Modbus device that answers, for units 1 and 2, every question with "no such address", and says nothing for others; hear is told of
// each question.
func modbusPort(t *testing.T, hear func(unit byte)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					header := make([]byte, 7)
					if _, err := io.ReadFull(conn, header); err != nil {
						return
					}
					pdu := make([]byte, binary.BigEndian.Uint16(header[4:])-1)
					if _, err := io.ReadFull(conn, pdu); err != nil {
						return
					}
					hear(header[6])
					if header[6] > 2 {
						continue
					}
					_, _ = conn.Write([]byte{header[0], header[1], 0, 0, 0, 3, header[6], pdu[0] | 0x80, 2})
				}
			}()
		}
	}()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// TestDiscover prints a fleet file that roost reads, and that is JSON for scripts.
func TestDiscover(t *testing.T) {
	port := modbusPort(t, func(byte) {})
	args := []string{"discover", "modbus", "127.0.0.1", "--port", port, "--unit", "1-4", "--reply", "50ms", "--pause", "0s"}
	got := run(t, args...)
	if got.code != 0 || !strings.Contains(got.err, "found 127.0.0.1:"+port+" unit 1: a device that does not say what it is\n") {
		t.Fatalf("%+v", got)
	}
	fleet, err := fleetfile.Parse("printed", []byte(got.out), roostv1.WithDrivers("modbus"))
	if err != nil || len(fleet.Devices) != 2 || fleet.Devices[1].Address["unit"] != "2" || fleet.Devices[0].Bus != fleet.Devices[1].Bus {
		t.Errorf("%v\n%s", err, got.out)
	}
	if !strings.HasPrefix(got.out, "# Found by roost discover modbus, 20") || !strings.Contains(got.out, "\n  # It does not say what it is.\n  - id: ") {
		t.Errorf("the file says\n%s", got.out)
	}
	got = run(t, append(args, "--json", "--progress", "none")...)
	asJSON := new(roostv1.Fleet)
	if err := protojson.Unmarshal([]byte(got.out), asJSON); err != nil || len(asJSON.Devices) != 2 || got.err != "" || strings.Count(got.out, "\n") != 1 {
		t.Errorf("%v: %+v", err, got)
	}
}

// TestDiscoverInterrupted: Ctrl-C, and the end of the time, print what was found by then.
func TestDiscoverInterrupted(t *testing.T) {
	asked := make(chan byte, 1000)
	port := modbusPort(t, func(unit byte) { asked <- unit })
	p := start(t, "discover", "modbus", "127.0.0.1", "--port", port, "--unit", "1-200", "--reply", "200ms", "--pause", "0s")
	for unit := range asked {
		if unit == 3 { // which says nothing
			break
		}
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range p.lines {
		out.WriteString(line + "\n")
	}
	<-p.ended
	fleet, err := fleetfile.Parse("printed", []byte(out.String()), roostv1.WithDrivers("modbus"))
	if err != nil || len(fleet.Devices) != 2 || !strings.Contains(out.String(), "did not come to its end") || p.state.ExitCode() != 130 {
		t.Errorf("exit code %d, %v\n%s", p.state.ExitCode(), err, out.String())
	}
	got := run(t, "discover", "modbus", "127.0.0.1", "--port", port, "--unit", "1-200", "--reply", "200ms", "--for", "700ms")
	if got.code != 1 || !strings.Contains(got.err, "roost: the time of 700ms is over, and ") || !strings.Contains(got.err, " of 200 units were asked: ") || !strings.Contains(got.out, "id: modbus-127-0-0-1") {
		t.Errorf("%+v", got)
	}
}

func TestDiscoverRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"modbus":                           "HOST, RANGE or NETWORK is missing",
		"modbus 10.0.0.0/8":                "more than 65536: --yes",
		"modbus 8.8.8.8":                   "8.8.8.8 is not in a private network: --yes",
		"modbus 10.0.0.1 --rate 0":         "--rate 0 is not above 0",
		"modbus 10.0.0.1 --at-once 0":      "--at-once 0 is not between",
		"modbus 10.0.0.1 --for 0s":         "--for 0s is not above zero",
		"modbus 10.0.0.1 --unit 1-300":     "no unit or range of units from 0 to 255",
		"modbus 10.0.0.1 --unit 3-1":       "no unit or range",
		"modbus 10.0.0.1 --rtu --unit 0":   "from 1 to 247",
		"modbus 10.0.0.1 --port 0":         "--port 0 is not",
		"modbus 10.0.0.1 --reply 0s":       "--reply 0s is not",
		"modbus 10.0.0.1 --progress loud":  "--progress",
		"modbus 10.0.0.1 --serial /dev/x":  "--serial looks on a serial port",
		"modbus 10.0.0.300":                "10.0.0.300",
		"modbus 10.0.0.1/33":               "is no host, address, range",
		"modbuss 10.0.0.1":                 "do you mean modbus?",
		"snmp":                             "HOST|RANGE|NETWORK is missing",
		"snmp 10.0.0.1 --community secret": "a secret is not written here",
		"snmp 10.0.0.1 --user x --auth X":  `"X" is none of none, MD5`,
		"snmp 1.1.1.1":                     "not in a private network",
		"snmp 10.0.0.1 --port 0":           "--port",
		"opcua":                            "ENDPOINT is missing",
		"opcua http://10.0.0.1":            "is not a URL such as opc.tcp://",
		"opcua 10.0.0.1 --depth 0":         "--depth",
		"opcua 10.0.0.1 --password x":      "a secret is not written here",
		"mqtt":                             "BROKER is missing",
		"mqtt 127.0.0.1 --levels 99":       "--levels",
		"mqtt 127.0.0.1 --password x":      "a secret is not written here",
		"modbus --serial /dev/no --baud 1": "baud",
	} {
		if got := run(t, append([]string{"discover"}, strings.Fields(line)...)...); got.code != 64 && line != "modbus 10.0.0.300" || got.code == 0 || got.out != "" || !strings.Contains(got.err, want) {
			t.Errorf("discover %s: %+v, want %q", line, got, want)
		}
	}
	got := run(t, "discover", "modbus", "127.0.0.1", "--port", "1")
	if got.code != 69 || got.out != "" || !strings.Contains(got.err, "roost: nothing was found: 33 units were asked, and none has answered") {
		t.Errorf("nobody there: %+v", got)
	}
	got = run(t, "discover", "modbus", "--serial", "/dev/there-is-no-such-port")
	if got.code == 0 || got.out != "" || !strings.Contains(got.err, "/dev/there-is-no-such-port") {
		t.Errorf("no such port: %+v", got)
	}
}
