package hub

import (
	"errors"
	"log/slog"
)

// Defaults of a Config.
const (
	DefaultListen    = "127.0.0.1:4222"
	DefaultName      = "roost-hub"
	DefaultMaxMemory = 128 << 20
)

// Config says how to open a hub. Only Data is required.
type Config struct {
	// Data is the folder that the hub keeps everything in. It is made if missing,
	// and belongs to this hub alone.
	Data string
	// Listen is the address that clients dial, host:port; default DefaultListen. The
	// host must be a loopback address unless the hub has users (see package guard). Port 0 takes any free port; see Hub.URL.
	Listen string
	// Name is the server's name in logs and tables; default DefaultName, and in a cluster
	// DefaultName with the address of the route behind it. In a cluster it is how the
	// others know this hub: no two may have the same, and it must not change.
	Name string
	// Cluster makes the hub one of three; default: it runs alone.
	Cluster *Cluster
	// MaxMemory bounds the streams that are kept in memory, in bytes; default
	// DefaultMaxMemory.
	MaxMemory int64
	// MaxStore bounds the streams on disk, in bytes; default three quarters of
	// what the disk has free beside them when the hub opens.
	MaxStore int64
	// Logger is told what the server says: its warnings and errors as such, all else
	// at debug level. Default: nothing is logged.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.MaxMemory == 0 {
		c.MaxMemory = DefaultMaxMemory
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Data == "":
		return errors.New("no data folder was given")
	case c.MaxMemory < 0:
		return errors.New("MaxMemory is negative")
	case c.MaxStore < 0:
		return errors.New("MaxStore is negative")
	}
	return nil
}
