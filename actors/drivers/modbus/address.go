package modbus

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Ways to a device.
const (
	wayTCP    = "tcp"
	wayRTU    = "rtu"
	waySerial = "serial"
)

const (
	defaultReply = time.Second
	maxReply     = time.Minute
	maxPause     = time.Second
	maxGap       = 124
	maxRead      = 125 // registers
	lastUnit     = 247 // of a serial line
)

// address is a device's address, read.
type address struct {
	line         lineAddress
	unit         byte
	gap, most    int
	reply, pause time.Duration
}

// lineAddress is what devices share that are on one line.
type lineAddress struct {
	way, to string     // one of the ways, and where it leads
	serial  serialMode // of a serial port
}

// keys are the address keys, in the order in which people are told of them.
var keys = []string{wayTCP, wayRTU, waySerial, "unit", "baud", "parity", "stop", "pause", "gap", "most", "reply"}

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec) (address, roostv1.Problems) {
	p := addressParser{given: spec.GetAddress()}
	a := address{
		line:  p.line(),
		reply: p.duration("reply", defaultReply, time.Millisecond, maxReply),
		pause: p.duration("pause", 0, 0, maxPause),
	}
	a.unit = p.unit(a.line.way)
	a.gap, a.most = p.number("gap", 0, 0, maxGap), p.number("most", maxRead, 1, maxRead)
	for _, key := range slices.Sorted(maps.Keys(p.given)) {
		if !slices.Contains(keys, key) {
			p.wrong(key, "unknown key; the modbus driver has %v", keys)
		}
	}
	return a, p.problems
}

// addressParser collects what is wrong.
type addressParser struct {
	given    map[string]string
	problems roostv1.Problems
}

func (p *addressParser) wrong(key, format string, args ...any) {
	p.problems = append(p.problems, roostv1.Problem{Path: fmt.Sprintf("address[%q]", key), Message: fmt.Sprintf(format, args...)})
}

func (p *addressParser) line() lineAddress {
	var l lineAddress
	for _, way := range []string{wayTCP, wayRTU, waySerial} {
		to, given := p.given[way]
		switch {
		case !given:
		case l.way != "":
			p.wrong(way, "there is %s already, and a device has one way to it", l.way)
		case to == "" || way != waySerial && !isHostPort(to):
			p.wrong(way, "%q is not %s", to, map[string]string{wayTCP: hostPort, wayRTU: hostPort, waySerial: "the name of a serial port"}[way])
			l.way = way
		default:
			l.way, l.to = way, to
		}
	}
	if l.way == "" {
		p.wrong(wayTCP, "tcp, rtu or serial is needed: how the device is reached")
	}
	l.serial = p.serial(l.way)
	return l
}

const hostPort = "host:port with a port from 1 to 65535"

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

func (p *addressParser) unit(way string) byte {
	if way == wayTCP {
		return byte(p.number("unit", 1, 0, 255))
	}
	return byte(p.number("unit", 1, 1, lastUnit)) // 0 is for all, and nobody answers
}

// serial reads how a serial port is set; other ways must not have that.
func (p *addressParser) serial(way string) serialMode {
	if way != waySerial {
		for _, key := range []string{"baud", "parity", "stop"} {
			if _, given := p.given[key]; given && way != "" {
				p.wrong(key, "is for serial ports, and the device is reached by %s", way)
			}
		}
		return serialMode{}
	}
	m := serialMode{baud: p.number("baud", defaultBaud, 300, 4_000_000), parity: "even"}
	if parity, given := p.given["parity"]; given {
		if !slices.Contains([]string{"even", "odd", "none"}, parity) {
			p.wrong("parity", "%q is none of even, odd and none", parity)
		}
		m.parity = parity
	}
	m.stop = 1
	if m.parity == "none" {
		m.stop = 2
	}
	m.stop = p.number("stop", m.stop, 1, 2)
	return m
}

func (p *addressParser) number(key string, otherwise, from, to int) int {
	text, given := p.given[key]
	if !given {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < from || n > to {
		p.wrong(key, "%q is not a number from %d to %d", text, from, to)
		return otherwise
	}
	return n
}

func (p *addressParser) duration(key string, otherwise, from, to time.Duration) time.Duration {
	text, given := p.given[key]
	if !given {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < from || d > to {
		p.wrong(key, "%q is not a time from %v to %v, such as 250ms", text, from, to)
		return otherwise
	}
	return d
}
