package main

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findmodbus"
)

const discoverModbusHelp = `Look for Modbus devices: over TCP at hosts, ranges and networks, or on a serial
port. Each unit is asked for one register, and if it answers, also for what it
says of itself (function 43/14). Only functions that read are sent.

A unit that is not there costs the time of --reply, unless a converter says so.`

// discoverModbus is roost discover modbus.
type discoverModbus struct {
	discovery
	ports                 []uint
	units                 string
	rtu                   bool
	serial                string
	baud                  []int
	parity                []string
	connect, reply, pause time.Duration
}

func newDiscoverModbus(p program) *cobra.Command {
	d := &discoverModbus{discovery: discovery{program: p}}
	cmd := &cobra.Command{
		Use:   "modbus [HOST|RANGE|NETWORK...]",
		Short: "Look for Modbus devices",
		Long:  discoverModbusHelp,
		Example: `  roost discover modbus 192.168.1.0/24 > fleet.yaml
  roost discover modbus 10.0.0.20 --unit 1-247 --reply 300ms
  roost discover modbus 10.0.0.30-10.0.0.40 --rtu --port 4001
  roost discover modbus --serial /dev/ttyUSB0 --baud 9600,19200`,
		Args:              takes("[HOST|RANGE|NETWORK...]"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              d.run,
	}
	d.flags(cmd, time.Hour)
	d.reachFlags(cmd)
	f := cmd.Flags()
	f.UintSliceVar(&d.ports, "port", []uint{502}, "TCP ports")
	f.StringVar(&d.units, "unit", "1-32,255", "units to ask; on a serial line at most 1-247")
	f.BoolVar(&d.rtu, "rtu", false, "TCP that carries the frames of serial lines (RTU over TCP)")
	f.StringVar(&d.serial, "serial", "", "look on this serial `PORT`, and not over TCP")
	f.IntSliceVar(&d.baud, "baud", []int{19200}, "speeds of the serial port to try")
	f.StringSliceVar(&d.parity, "parity", []string{"even"}, "parities of the serial port to try: even, odd, none")
	f.DurationVar(&d.connect, "connect", time.Second, "how long a connection may take")
	f.DurationVar(&d.reply, "reply", 500*time.Millisecond, "how long an answer may take")
	f.DurationVar(&d.pause, "pause", 50*time.Millisecond, "how long a line rests after an answer")
	return cmd
}

func (d *discoverModbus) run(cmd *cobra.Command, targets []string) error {
	c := findmodbus.Config{Connect: d.connect, Reply: d.reply, Pause: d.pause, Pace: d.pace}
	err := d.valid(cmd)
	if err == nil {
		c.Units, err = d.unitList(cmd)
	}
	if err == nil {
		err = d.where(cmd, targets, &c)
	}
	if err != nil {
		return err
	}
	return d.search(cmd, func(ctx context.Context, tell func(discover.Progress)) found {
		c.Tell = tell
		stations, progress, err := findmodbus.Find(ctx, c)
		return found{findmodbus.Draft(stations), progress, err}
	})
}

// valid refuses what makes no sense.
func (d *discoverModbus) valid(cmd *cobra.Command) error {
	switch {
	case d.connect <= 0 || d.connect > time.Minute:
		return usage(cmd, "--connect %v is not above zero, and at most 1m", d.connect)
	case d.reply < time.Millisecond || d.reply > time.Minute:
		return usage(cmd, "--reply %v is not between 1ms and 1m", d.reply)
	case d.pause < 0 || d.pause > time.Second:
		return usage(cmd, "--pause %v is not between 0 and 1s", d.pause)
	}
	return d.discovery.valid(cmd)
}

// where fills in where to look.
func (d *discoverModbus) where(cmd *cobra.Command, targets []string, c *findmodbus.Config) error {
	switch {
	case d.serial != "" && (len(targets) > 0 || d.rtu || cmd.Flags().Changed("port")):
		return usage(cmd, "--serial looks on a serial port, and not over TCP")
	case d.serial != "":
		lines := d.serialLines()
		c.AtOnce, c.Lines, c.Total = 1, slices.Values(lines), len(lines)
		return d.validSerial(cmd)
	case len(targets) == 0:
		return usage(cmd, "HOST, RANGE or NETWORK is missing, or --serial")
	}
	reach, err := d.reach(cmd, targets)
	if err != nil {
		return err
	}
	for _, port := range d.ports {
		if port < 1 || port > 65535 {
			return usage(cmd, "--port %d is not between 1 and 65535", port)
		}
	}
	c.Lines, c.Total = d.tcpLines(reach), reach.Len()*len(d.ports)
	return nil
}

func (d *discoverModbus) tcpLines(reach discover.Reach) iter.Seq[map[string]string] {
	way := "tcp"
	if d.rtu {
		way = "rtu"
	}
	return func(yield func(map[string]string) bool) {
		for host := range reach.All() {
			for _, port := range d.ports {
				if !yield(map[string]string{way: netip.AddrPortFrom(host, uint16(port)).String()}) {
					return
				}
			}
		}
	}
}

func (d *discoverModbus) validSerial(cmd *cobra.Command) error {
	for _, baud := range d.baud {
		if baud < 300 || baud > 4_000_000 {
			return usage(cmd, "--baud %d is not between 300 and 4000000", baud)
		}
	}
	for _, parity := range d.parity {
		if !slices.Contains([]string{"even", "odd", "none"}, parity) {
			return usage(cmd, "--parity %.20q is not even, odd or none", parity)
		}
	}
	return nil
}

func (d *discoverModbus) serialLines() []map[string]string {
	var lines []map[string]string
	for _, baud := range d.baud {
		for _, parity := range d.parity {
			lines = append(lines, map[string]string{"serial": d.serial, "baud": strconv.Itoa(baud), "parity": parity})
		}
	}
	return lines
}

// unitList reads units and ranges of them.
func (d *discoverModbus) unitList(cmd *cobra.Command) ([]byte, error) {
	from, to := 0, 255
	text := d.units
	if d.serial != "" || d.rtu {
		from, to = 1, 247
		if !cmd.Flags().Changed("unit") {
			text = "1-32"
		}
	}
	var units []byte
	seen := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ok := unitRange(part)
		if !ok || first < from || last > to || first > last {
			return nil, usage(cmd, "--unit %.40q has %.20q, which is no unit or range of units from %d to %d", text, part, from, to)
		}
		for unit := first; unit <= last; unit++ {
			if !seen[unit] {
				seen[unit] = true
				units = append(units, byte(unit))
			}
		}
	}
	return units, nil
}

func unitRange(part string) (first, last int, ok bool) {
	low, high, ranged := strings.Cut(part, "-")
	if !ranged {
		high = low
	}
	first, err := strconv.Atoi(low)
	last, err2 := strconv.Atoi(high)
	return first, last, err == nil && err2 == nil
}
