package modbus

import (
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
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

// addressKeys are in the order in which people are told of them.
var addressKeys = []string{wayTCP, wayRTU, waySerial, "unit", "baud", "parity", "stop", "pause", "gap", "most", "reply"}

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec) (address, roostv1.Problems) {
	p := addressParser{keys.OfAddress(Name, spec)}
	p.Know(addressKeys...)
	a := address{
		line:  p.line(),
		reply: p.Duration("reply", defaultReply, time.Millisecond, maxReply),
		pause: p.Duration("pause", 0, 0, maxPause),
	}
	a.unit = p.unit(a.line.way)
	a.gap, a.most = p.Int("gap", 0, 0, maxGap), p.Int("most", maxRead, 1, maxRead)
	return a, p.Problems()
}

type addressParser struct{ *keys.Keys }

func (p addressParser) line() lineAddress {
	var l lineAddress
	for _, way := range []string{wayTCP, wayRTU, waySerial} {
		switch {
		case !p.Has(way):
		case l.way != "":
			p.Wrong(way, "there is %s already, and a device has one way to it", l.way)
		default:
			l.way, l.to = way, p.to(way)
		}
	}
	if l.way == "" {
		p.Wrong(wayTCP, "tcp, rtu or serial is needed: how the device is reached")
	}
	l.serial = p.serial(l.way)
	return l
}

// to returns where a way leads.
func (p addressParser) to(way string) string {
	if way != waySerial {
		return p.HostPort(way)
	}
	port, _ := p.Get(way)
	if port == "" {
		p.Wrong(way, "%q is not the name of a serial port", port)
	}
	return port
}

func (p addressParser) unit(way string) byte {
	if way == wayTCP {
		return byte(p.Int("unit", 1, 0, 255))
	}
	return byte(p.Int("unit", 1, 1, lastUnit)) // 0 is for all, and nobody answers
}

// serial reads how a serial port is set; other ways must not have that.
func (p addressParser) serial(way string) serialMode {
	if way != waySerial {
		for _, key := range []string{"baud", "parity", "stop"} {
			if way != "" {
				p.Unwanted(key, "is for serial ports, and the device is reached by %s", way)
			}
		}
		return serialMode{}
	}
	m := serialMode{baud: p.Int("baud", defaultBaud, 300, 4_000_000), parity: p.Word("parity", "even", "even", "odd", "none"), stop: 1}
	if m.parity == "none" {
		m.stop = 2
	}
	m.stop = p.Int("stop", m.stop, 1, 2)
	return m
}
