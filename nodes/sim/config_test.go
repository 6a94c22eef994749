package sim_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/sim"
)

func TestBadConfig(t *testing.T) {
	good := func() sim.Config {
		return sim.Config{Listen: "127.0.0.1:0", Log: filepath.Join(t.TempDir(), "log"), Devices: sim.Series(2, sim.Device{ID: "rig"})}
	}
	tests := []struct {
		name   string
		change func(*sim.Config)
		want   string
	}{
		{"no log", func(c *sim.Config) { c.Log = "" }, "no file for the log"},
		{"no port", func(c *sim.Config) { c.Listen = "127.0.0.1" }, "must be host:port"},
		{"no number", func(c *sim.Config) { c.Listen = "127.0.0.1:http" }, "must be an IP address or localhost"},
		{"a name", func(c *sim.Config) { c.Listen = "rigs.example:1" }, "must be an IP address or localhost"},
		{"all addresses", func(c *sim.Config) { c.Listen = "0.0.0.0:0" }, "not loopback"},
		{"any address", func(c *sim.Config) { c.Listen = ":0" }, "must be an IP address or localhost"},
		{"another machine's", func(c *sim.Config) { c.Listen = "192.0.2.1:0" }, "not loopback"},
		{"short idle time", func(c *sim.Config) { c.Idle = time.Millisecond }, "idle time"},
		{"long idle time", func(c *sim.Config) { c.Idle = 2 * time.Hour }, "idle time"},
		{"bad id", func(c *sim.Config) { c.Devices[1].ID = "rig.2" }, "devices[1]: device id"},
		{"same id", func(c *sim.Config) { c.Devices[1].ID = "rig-1" }, "devices[1]: device rig-1 is there twice"},
		{"bad behaviour", func(c *sim.Config) { c.Devices[1].Behaviour.LoseAck = 2 }, "devices[1]: behaviour of rig-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good()
			tt.change(&cfg)
			if _, err := sim.New(cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if want := strings.Contains(tt.want, "loopback"); want {
				if _, err := sim.New(cfg); !errors.Is(err, sim.ErrNotLoopback) {
					t.Errorf("got %v, want ErrNotLoopback", err)
				}
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	b := start(t, sim.Config{})
	if _, err := sim.New(sim.Config{Listen: b.Addr(), Log: filepath.Join(t.TempDir(), "log")}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want that the address is in use", err)
	}
}

func TestSeries(t *testing.T) {
	got := sim.Series(3, sim.Device{ID: "rig", Fenced: true})
	if len(got) != 3 || got[0] != (sim.Device{ID: "rig-1", Fenced: true}) || got[2].ID != "rig-3" {
		t.Errorf("got %+v", got)
	}
	if got := sim.Series(-1, sim.Device{ID: "rig"}); len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}
