package sim

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Defaults of a Config.
const (
	DefaultListen = "127.0.0.1:4777"
	DefaultIdle   = 2 * time.Second
)

// ErrNotLoopback: other machines could reach the listen address.
var ErrNotLoopback = errors.New("listen address is not loopback")

// Config says what hardware there is. Log is needed.
type Config struct {
	// Listen is the address that gateways dial, host:port; default DefaultListen. The host must be a
	// loopback address: anybody may do anything here. Port 0 takes any free port; see Hardware.Addr.
	Listen string
	// Log is the file of the truth log. It is made if missing.
	Log string
	// Devices behind the listener.
	Devices []Device
	// Seed of all that is left to chance.
	Seed uint64
	// Idle is after how long without a request a connection is closed; default DefaultIdle,
	// below 0: never. At least 10 ms, at most an hour.
	Idle time.Duration
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// Device is one simulated device.
type Device struct {
	// ID of the device.
	ID string
	// Fenced: it refuses actions of an epoch lower than the highest that it has seen.
	Fenced bool
	// ExclusiveSession: it takes one session at a time.
	ExclusiveSession bool
	// Behaviour at the start.
	Behaviour Behaviour
}

// Series returns n devices like d, with "-1" to "-n" behind its id.
func Series(n int, d Device) []Device {
	devices := make([]Device, max(n, 0))
	for i := range devices {
		devices[i] = d
		devices[i].ID = fmt.Sprintf("%s-%d", d.ID, i+1)
	}
	return devices
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	if c.Log == "" {
		return errors.New("no file for the log was given")
	}
	if c.Idle > 0 && (c.Idle < 10*time.Millisecond || c.Idle > time.Hour) {
		return fmt.Errorf("an idle time of %v is not from 10ms to 1h", c.Idle)
	}
	seen := make(map[string]bool, len(c.Devices))
	for i, d := range c.Devices {
		if err := roostv1.CheckID("device id", d.ID); err != nil {
			return fmt.Errorf("devices[%d]: %w", i, err)
		}
		if seen[d.ID] {
			return fmt.Errorf("devices[%d]: device %s is there twice", i, d.ID)
		}
		seen[d.ID] = true
		if err := d.Behaviour.validate(); err != nil {
			return fmt.Errorf("devices[%d]: behaviour of %s: %w", i, d.ID, err)
		}
	}
	return nil
}

// parseListen reads host:port, with "localhost" made a number, so that no resolver has a say in where
// the hardware listens.
func parseListen(listen string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen address %q must be host:port, such as %s", listen, DefaultListen)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen address %q must be an IP address or localhost, and a port", listen)
	}
	if !address.Addr().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("%w: %q; choose one such as %s", ErrNotLoopback, listen, DefaultListen)
	}
	return address, nil
}
