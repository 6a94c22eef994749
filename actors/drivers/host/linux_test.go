//go:build linux

package host_test

import (
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/host"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// machine is a made up machine: the folder that has its /proc and /sys.
type machine struct {
	t   *testing.T
	dir string
}

func newMachine(t *testing.T) machine { return machine{t, t.TempDir()} }

// set writes one of its files.
func (m machine) set(name, content string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) device(resources ...string) actors.Device {
	return device(map[string]string{
		"proc": filepath.Join(m.dir, "proc"), "sys": filepath.Join(m.dir, "sys"),
	}, sensors(resources...)...)
}

// expect polls and compares what the samples show; a sensor without a sample is
// not in want.
func expect(t *testing.T, s actors.Poller, want map[string]string, resources ...string) {
	t.Helper()
	if got := poll(t, s, resources...); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// pass lets time pass; it is virtual in these tests.
func pass(d time.Duration) { <-time.After(d) }

const netHead = "Inter-|   Receive                            |  Transmit\n" +
	" face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n"

func nic(name, received, sent string) string {
	return name + ": " + received + " 0 0 0 0 0 0 0 " + sent + " 0 0 0 0 0 0 0\n"
}

func TestNetworkRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		lo := nic("lo", "999999", "999999")
		names := []string{"net.received", "net.sent", "net.eth0.received", "net.br_lan.sent"}
		s := open(t, new(host.Driver), m.device(names...))
		steps := []struct {
			what string
			file string
			want map[string]string
		}{
			{"first poll", lo + nic("eth0", "1000", "50") + nic("br lan", "0", "0"), nil},
			{"traffic", nic("lo", "9999999", "9999999") + nic("eth0", "2000", "50") + nic("br lan", "10", "30"),
				map[string]string{"net.received": "505", "net.sent": "15", "net.eth0.received": "500", "net.br_lan.sent": "15"}},
			{"counter reset", lo + nic("eth0", "5", "50") + nic("br lan", "10", "30"),
				map[string]string{"net.sent": "0", "net.br_lan.sent": "0"}},
			{"after the reset", lo + nic("eth0", "205", "50") + nic("br lan", "10", "30"),
				map[string]string{"net.received": "100", "net.sent": "0", "net.eth0.received": "100", "net.br_lan.sent": "0"}},
			{"one came", lo + nic("eth0", "405", "50") + nic("br lan", "10", "30") + nic("usb0", "777777777", "7777777"),
				map[string]string{"net.received": "100", "net.sent": "0", "net.eth0.received": "100", "net.br_lan.sent": "0"}},
			{"one went", lo + nic("br lan", "10", "30") + nic("usb0", "777777777", "7777777"),
				map[string]string{"net.received": "0", "net.sent": "0", "net.eth0.received": "sensor fault", "net.br_lan.sent": "0"}},
		}
		for _, step := range steps {
			m.set("proc/net/dev", netHead+step.file)
			if got := poll(t, s, names...); !maps.Equal(got, step.want) {
				t.Errorf("%s: got %v, want %v", step.what, got, step.want)
			}
			pass(2 * time.Second)
		}
	})
}

// No time between two polls: no rate, and nothing lost for the next.
func TestRateNeedsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		s := open(t, new(host.Driver), m.device("net.sent", "cpu.used"))
		m.set("proc/stat", "cpu 100 0 0 100 0 0 0 0 0 0\n")
		m.set("proc/net/dev", netHead+nic("eth0", "0", "1000"))
		expect(t, s, nil, "net.sent", "cpu.used")
		expect(t, s, nil, "net.sent", "cpu.used")
		pass(time.Second)
		m.set("proc/stat", "cpu 125 0 0 175 0 0 0 0 0 0\n")
		m.set("proc/net/dev", netHead+nic("eth0", "0", "4000"))
		expect(t, s, map[string]string{"net.sent": "3000", "cpu.used": "25"}, "net.sent", "cpu.used")
	})
}

func TestDiskRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		disk := func(name, read, written string) string {
			return "8 0 " + name + " 1 0 " + read + " 0 1 0 " + written + " 0 0 0 0\n"
		}
		names := []string{"disk.read", "disk.written", "disk.sda1.read"}
		s := open(t, new(host.Driver), m.device(names...))
		// Sectors of 512 bytes.
		m.set("proc/diskstats", disk("sda", "0", "0")+disk("sda1", "0", "0")+disk("nvme0n1", "0", "0")+disk("nvme0n1p2", "0", "0")+disk("dm-0", "0", "0")+disk("loop3", "0", "0")+disk("md127", "0", "0"))
		expect(t, s, nil, names...)
		pass(10 * time.Second)
		m.set("proc/diskstats", disk("sda", "100", "20")+disk("sda1", "100", "20")+disk("nvme0n1", "10", "0")+disk("nvme0n1p2", "10", "0")+disk("dm-0", "100", "20")+disk("loop3", "9", "9")+disk("md127", "9", "9"))
		expect(t, s, map[string]string{"disk.read": "5632", "disk.written": "1024", "disk.sda1.read": "5120"}, names...)
	})
}

func TestProcessorUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		names := []string{"cpu.used", "cpu.0.used", "cpu.1.used", "cpu.7.used"}
		s := open(t, new(host.Driver), m.device(names...))
		steps := []struct {
			what, file string
			want       map[string]string
		}{
			{"first poll", "cpu 100 0 0 100 0 0 0 0 0 0\ncpu0 50 0 0 50 0 0 0 0 0 0\ncpu1 50 0 0 50 0 0 0 0 0 0\nintr 0\n",
				map[string]string{"cpu.7.used": "not connected"}},
			// 100 of guest time are in user already.
			{"busy", "cpu 200 0 50 150 0 0 0 0 100 0\ncpu0 150 0 50 50 0 0 0 0 100 0\ncpu1 50 0 0 100 50 0 0 0 0 0\nintr 0\n",
				map[string]string{"cpu.used": "75", "cpu.0.used": "100", "cpu.1.used": "0", "cpu.7.used": "not connected"}},
			{"clocks went back", "cpu 1 0 0 1 0 0 0 0 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\ncpu1 1 0 0 1 0 0 0 0 0 0\nintr 0\n",
				map[string]string{"cpu.7.used": "not connected"}},
			{"iowait was corrected", "cpu 101 0 0 0 0 0 0 0 0 0\ncpu0 101 0 0 1 0 0 0 0 0 0\ncpu1 1 0 0 101 0 0 0 0 0 0\nintr 0\n",
				map[string]string{"cpu.used": "100", "cpu.0.used": "100", "cpu.1.used": "0", "cpu.7.used": "not connected"}},
			{"file is gone", "", map[string]string{"cpu.used": "sensor fault", "cpu.0.used": "sensor fault", "cpu.1.used": "sensor fault", "cpu.7.used": "not connected"}},
		}
		for _, step := range steps {
			m.set("proc/stat", step.file)
			if got := poll(t, s, names...); !maps.Equal(got, step.want) {
				t.Errorf("%s: got %v, want %v", step.what, got, step.want)
			}
			pass(time.Second)
		}
	})
}

func TestTemperatures(t *testing.T) {
	m := newMachine(t)
	chip := func(dir, name string) { m.set("sys/class/hwmon/"+dir+"/name", name) }
	chip("hwmon0", "coretemp\n")
	m.set("sys/class/hwmon/hwmon0/temp1_input", "45000\n")
	m.set("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n")
	chip("hwmon1", "nvme (1)\n")
	m.set("sys/class/hwmon/hwmon1/temp1_input", "61500\n")
	chip("hwmon2", "nvme (1)\n")
	m.set("sys/class/hwmon/hwmon2/temp1_input", "-5000\n")
	names := []string{"temp.max", "temp.coretemp_package_id_0", "temp.nvme__1_", "temp.nvme__1__2", "temp.gpu"}
	expect(t, open(t, new(host.Driver), m.device(names...)), map[string]string{
		"temp.max": "61.5", "temp.coretemp_package_id_0": "45", "temp.nvme__1_": "61.5", "temp.nvme__1__2": "-5", "temp.gpu": "not connected",
	}, names...)
}

func TestBattery(t *testing.T) {
	m := newMachine(t)
	d := m.device("battery.charge")
	d.Profile.Resources = append(d.Profile.Resources, &roostv1.Resource{Name: "battery.charging", Type: roostv1.ValueType_VALUE_TYPE_BOOL})
	s := open(t, new(host.Driver), d)
	names := []string{"battery.charge", "battery.charging"}
	expect(t, s, map[string]string{"battery.charge": "not connected", "battery.charging": "not connected"}, names...)
	m.set("sys/class/power_supply/AC/type", "Mains\n")
	m.set("sys/class/power_supply/BAT0/type", "Battery\n") // a mouse
	m.set("sys/class/power_supply/BAT0/scope", "Device\n")
	m.set("sys/class/power_supply/BAT1/type", "Battery\n")
	m.set("sys/class/power_supply/BAT1/capacity", "87\n")
	m.set("sys/class/power_supply/BAT1/status", "Discharging\n")
	expect(t, s, map[string]string{"battery.charge": "87", "battery.charging": "false"}, names...)
	m.set("sys/class/power_supply/BAT1/status", "Charging\n")
	expect(t, s, map[string]string{"battery.charge": "87", "battery.charging": "true"}, names...)
	m.set("sys/class/power_supply/BAT1/capacity", "much\n")
	expect(t, s, map[string]string{"battery.charge": "sensor fault", "battery.charging": "sensor fault"}, names...)
}

func TestSizes(t *testing.T) {
	m := newMachine(t)
	m.set("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nBuffers: 0 kB\nCached: 200 kB\n")
	m.set("proc/loadavg", "0.25 1.5 12.75 1/100 4711\n")
	m.set("proc/1/stat", "")
	m.set("proc/4711/stat", "")
	names := []string{"mem.total", "mem.available", "load.1", "load.5", "load.15", "processes", "net.sent"}
	expect(t, open(t, new(host.Driver), m.device(names...)), map[string]string{
		"mem.total": "1024000", "mem.available": "409600", "load.1": "0.25", "load.5": "1.5", "load.15": "12.75",
		"processes": "2", "net.sent": "not connected",
	}, names...)
}

// What is not asked for is not read: a poll that did would block for ever.
func TestOnlyWhatIsAskedIsRead(t *testing.T) {
	m := newMachine(t)
	m.set("proc/loadavg", "1 2 3 1/100 4711\n")
	for _, name := range []string{"stat", "meminfo", "diskstats"} {
		if err := syscall.Mkfifo(filepath.Join(m.dir, "proc", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, new(host.Driver), m.device("load.5", "cpu.used", "mem.used", "disk.read"))
	expect(t, s, map[string]string{"load.5": "2"}, "load.5")
}

// The contract in virtual time, where leftover goroutines are found for certain.
func TestContractOfAMadeUpMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.set("proc/loadavg", "1 2 3 1/100 4711\n")
		m.set("proc/stat", "cpu 100 0 0 100 0 0 0 0 0 0\n")
		d := m.device("load.1", "cpu.used", "disk.used_percent", "net.sent", "uptime")
		drivertest.Run(t, new(host.Driver), d, drivertest.Options{})
	})
}
