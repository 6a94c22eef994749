package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/host"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// device returns a device with these sensors as its resources.
func device(address map[string]string, resources ...*roostv1.Resource) actors.Device {
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "host", Profile: "p", Driver: host.Name, Address: address},
		Profile: &roostv1.Profile{Id: "p", Resources: resources},
	}
}

// sensors returns resources of those names for numbers.
func sensors(names ...string) []*roostv1.Resource {
	var resources []*roostv1.Resource
	for _, name := range names {
		resources = append(resources, &roostv1.Resource{Name: name, Type: roostv1.ValueType_VALUE_TYPE_DOUBLE})
	}
	return resources
}

func open(t testing.TB, d *host.Driver, device actors.Device) actors.Poller {
	t.Helper()
	s, err := d.Open(t.Context(), device)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.(actors.Poller)
}

// poll returns what the samples of resources show, by name.
func poll(t testing.TB, s actors.Poller, resources ...string) map[string]string {
	t.Helper()
	samples, err := s.Poll(t.Context(), resources)
	if err != nil {
		t.Fatalf("poll: %v", err)
	}
	shown := make(map[string]string)
	for _, s := range samples {
		shown[s.Resource] = s.Value.Format()
		if s.Quality == roostv1.Quality_QUALITY_BAD {
			shown[s.Resource] = s.Reason.Word()
		}
	}
	return shown
}

func TestContract(t *testing.T) {
	bad := device(map[string]string{"path": "relative"})
	drivertest.Run(t, new(host.Driver), actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "host", Profile: host.ProfileID, Driver: host.Name},
		Profile: host.Profile(),
	}, drivertest.Options{Bad: []actors.Device{bad}})
}

// The profile of this machine has what every machine has, and only what works.
func TestProfile(t *testing.T) {
	p := host.Profile()
	for _, problem := range roostv1.ValidateProfile(p) {
		t.Error(problem)
	}
	for _, name := range []string{"mem.total", "mem.used_percent", "disk.used_percent", "uptime", "processes"} {
		if p.Resource(name) == nil {
			t.Errorf("it has no %s", name)
		}
	}
	d := device(nil, p.GetResources()...)
	if err := new(host.Driver).Check(d); err != nil {
		t.Errorf("the driver refuses its own profile: %v", err)
	}
	s := open(t, new(host.Driver), d)
	for _, r := range p.GetResources() {
		samples, err := s.Poll(t.Context(), []string{r.GetName()})
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range samples {
			if sample.Value.Type() != r.GetType() {
				t.Errorf("%s is %v, not a %s", r.GetName(), sample.Value.Format(), r.GetType().Word())
			}
		}
	}
}

func TestCheck(t *testing.T) {
	one := func(r *roostv1.Resource) actors.Device { return device(nil, r) }
	number := roostv1.ValueType_VALUE_TYPE_DOUBLE
	tests := []struct {
		name   string
		device actors.Device
		want   string // empty: fine
	}{
		{"no profile", actors.Device{Spec: &roostv1.DeviceSpec{}}, "the host driver needs a device and its profile"},
		{"address", device(map[string]string{"path": "data", "speed": "1"}),
			`address["path"]: "data" is not an absolute path; address["speed"]: unknown key; the host driver has path, proc and sys`},
		{"sensor", one(&roostv1.Resource{Name: "mood", Type: number}), `resources[0].name: there is no sensor "mood"`},
		{"named sensor", one(&roostv1.Resource{Name: "flash", Type: number, Protocol: map[string]string{"sensor": "disk.use"}}),
			`resources[0].protocol["sensor"]: there is no sensor "disk.use"`},
		{"one of none", one(&roostv1.Resource{Name: "net..sent", Type: number}), `resources[0].name: there is no sensor "net..sent"`},
		{"written", one(&roostv1.Resource{Name: "load.1", Type: number, Access: roostv1.Access_ACCESS_READ_WRITE}),
			"resources[0].access: load.1 cannot be written"},
		{"unit", one(&roostv1.Resource{Name: "mem.used", Type: number, Unit: "GiBy"}),
			`resources[0].unit: mem.used is measured in "By", not in "GiBy"`},
		{"text", one(&roostv1.Resource{Name: "mem.used", Type: roostv1.ValueType_VALUE_TYPE_STRING}),
			"resources[0].type: mem.used is a UINT and cannot be a STRING"},
		{"truth", one(&roostv1.Resource{Name: "mem.used", Type: roostv1.ValueType_VALUE_TYPE_BOOL}),
			"resources[0].type: mem.used is a UINT and cannot be a BOOL"},
		{"protocol", one(&roostv1.Resource{Name: "disk.used", Type: number, Protocol: map[string]string{"disk": "sda", "path": "x"}}),
			`resources[0].protocol["disk"]: unknown key; the host driver has sensor and path; resources[0].protocol["path"]: "x" is not an absolute path`},
		{"command", actors.Device{Spec: &roostv1.DeviceSpec{}, Profile: &roostv1.Profile{Commands: []*roostv1.CommandSpec{{Name: "reboot"}}}},
			"commands: the host driver has no commands"},
		{"all good", device(map[string]string{"path": os.TempDir(), "proc": os.TempDir(), "sys": os.TempDir()},
			&roostv1.Resource{Name: "flash", Type: number, Protocol: map[string]string{"sensor": "disk.used_percent", "path": os.TempDir()}},
			&roostv1.Resource{Name: "net.eth0.100.sent", Type: number, Unit: "By/s"},
			&roostv1.Resource{Name: "battery.charging", Type: roostv1.ValueType_VALUE_TYPE_BOOL}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := new(host.Driver).Check(tt.device)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want it fine", err)
				}
				return
			}
			if !errors.Is(err, roostv1.ErrInvalid) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if _, err := new(host.Driver).Open(t.Context(), tt.device); !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("open: got %v, want ErrInvalid", err)
			}
		})
	}
}

// What Check takes, Open takes, and a poll of it does not fail.
func FuzzDevice(f *testing.F) {
	f.Add("path", "/", "cpu.used", "%", "sensor", "load.1")
	f.Add("proc", "/proc", "net.eth0.sent", "By/s", "path", "/")
	f.Add("sys", "/sys", "temp.max", "Cel", "", "")
	f.Add("", "", "disk.vda.read", "", "sensor", "disk.*.read")
	f.Fuzz(func(t *testing.T, key, value, name, unit, entry, entryValue string) {
		r := &roostv1.Resource{Name: name, Unit: unit, Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Protocol: map[string]string{entry: entryValue}}
		if strings.Contains(value, "/proc/") || strings.Contains(value, "/dev") {
			return // Files there may block, or act when they are read.
		}
		d := device(map[string]string{key: value}, r)
		checked := new(host.Driver).Check(d)
		session, opened := new(host.Driver).Open(t.Context(), d)
		if (checked == nil) != (opened == nil) {
			t.Fatalf("Check says %v, Open %v", checked, opened)
		}
		if session == nil {
			if !errors.Is(opened, roostv1.ErrInvalid) {
				t.Errorf("Open says %v, want ErrInvalid", opened)
			}
			return
		}
		if _, err := session.(actors.Poller).Poll(t.Context(), []string{name}); err != nil {
			t.Errorf("poll: %v", err)
		}
	})
}

func TestEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, new(host.Driver), device(nil, sensors("mem.used", "disk.used", "load.1")...))
	cancel()
	if samples, err := s.Poll(ctx, []string{"mem.used", "disk.used", "load.1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v; want context.Canceled", samples, err)
	}
	if _, err := new(host.Driver).Open(ctx, device(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("open: got %v, want context.Canceled", err)
	}
}

func TestResourceOfAnotherProfile(t *testing.T) {
	s := open(t, new(host.Driver), device(nil, sensors("mem.used")...))
	if got := poll(t, s, "mem.total")["mem.total"]; got != "not connected" {
		t.Errorf("got %q, want not connected", got)
	}
}

// A file system that does not answer is waited for once, and by one goroutine.
func TestStuckVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		server := make(chan struct{})
		driver := new(host.Driver)
		host.AskVolumes(driver, func(path string) (*disk.UsageStat, error) {
			asked.Add(1)
			<-server
			return &disk.UsageStat{Path: path, Total: 100, Used: 40}, nil
		})
		stuck := device(nil, sensors("disk.used", "disk.total")...)
		first := open(t, driver, stuck)
		for n, want := range []time.Duration{time.Second, 0, 0} {
			s := first
			if n == 2 {
				s = open(t, driver, stuck) // after a restart too
			}
			start := time.Now()
			got := poll(t, s, "disk.used", "disk.total")
			if took := time.Since(start); took != want || got["disk.used"] != "not connected" || got["disk.total"] != "not connected" {
				t.Errorf("poll %d: got %v after %v, want not connected after %v", n+1, got, took, want)
			}
		}
		if got := asked.Load(); got != 1 {
			t.Errorf("the file system was asked %d times, want once", got)
		}
		close(server)
		synctest.Wait()
		if got := poll(t, first, "disk.used")["disk.used"]; got != "40" {
			t.Errorf("after it answered, got %q, want 40", got)
		}
	})
}

func TestStuckVolumeEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := make(chan struct{})
		defer close(server)
		driver := new(host.Driver)
		host.AskVolumes(driver, func(string) (*disk.UsageStat, error) { <-server; return nil, nil })
		s := open(t, driver, device(nil, sensors("disk.used")...))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := s.Poll(ctx, []string{"disk.used"})
		if took := time.Since(start); took != 300*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v, want its context's error after 300ms", err, took)
		}
	})
}

func TestPanickingVolumeIsAFault(t *testing.T) {
	driver := new(host.Driver)
	host.AskVolumes(driver, func(string) (*disk.UsageStat, error) { panic("boom") })
	s := open(t, driver, device(nil, sensors("disk.used")...))
	if got := poll(t, s, "disk.used")["disk.used"]; got != "not connected" {
		t.Errorf("got %q, want not connected", got)
	}
}

// A sensor that worked and fails is faulty, and each change is told once.
func TestFailingSensorIsTold(t *testing.T) {
	var log bytes.Buffer
	driver := &host.Driver{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: withoutTime}))}
	var broken atomic.Bool
	host.AskVolumes(driver, func(string) (*disk.UsageStat, error) {
		if broken.Load() {
			return nil, errors.New("bad block")
		}
		return &disk.UsageStat{Used: 40}, nil
	})
	s := open(t, driver, device(nil, sensors("disk.used")...))
	for n, state := range []bool{false, true, true, false} {
		broken.Store(state)
		want := map[bool]string{false: "40", true: "sensor fault"}[state]
		if got := poll(t, s, "disk.used")["disk.used"]; got != want {
			t.Errorf("poll %d: got %q, want %q", n+1, got, want)
		}
	}
	const want = `level=INFO msg="sensor failed" device=host resource=disk.used error="bad block"
level=INFO msg="sensor works again" device=host resource=disk.used
`
	if log.String() != want {
		t.Errorf("log is\n%swant\n%s", log.String(), want)
	}
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// Every sensor is in the table of the README.
func TestSensorsAreDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range host.Sensors() {
		if name = strings.ReplaceAll(name, "*", "NAME"); !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("sensor %s is not in README.md", name)
		}
	}
}

func BenchmarkPoll(b *testing.B) {
	p := host.Profile()
	all := make([]string, len(p.GetResources()))
	for i, r := range p.GetResources() {
		all[i] = r.GetName()
	}
	s := open(b, new(host.Driver), device(nil, p.GetResources()...))
	for _, bb := range []struct {
		name      string
		resources []string
	}{{"all", all}, {"load", []string{"load.1"}}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Poll(b.Context(), bb.resources); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func Example() {
	ctx := context.Background()
	var driver host.Driver
	session, err := driver.Open(ctx, actors.Device{
		Spec: &roostv1.DeviceSpec{Id: "this-machine", Profile: "flash", Driver: host.Name},
		Profile: &roostv1.Profile{Id: "flash", Resources: []*roostv1.Resource{{
			Name: "flash_used", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "%",
			Protocol: map[string]string{"sensor": "disk.used_percent", "path": os.TempDir()},
		}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close(ctx)
	samples, err := session.(actors.Poller).Poll(ctx, []string{"flash_used"})
	for _, s := range samples {
		used := s.Value.GetDouble()
		fmt.Println(s.Resource, used >= 0 && used <= 100, err)
	}
	// Output: flash_used true <nil>
}
