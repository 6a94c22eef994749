package roostv1_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestValidateFleet(t *testing.T) {
	// In a plant, pump-1 and pump-2 share a bus and pump-3 is devices[2].
	third := func(change func(d *roostv1.DeviceSpec)) func(f *roostv1.Fleet) {
		return func(f *roostv1.Fleet) { change(f.Devices[2]) }
	}
	tests := []struct {
		name   string
		change func(f *roostv1.Fleet)
		want   []string
	}{
		{"empty", func(f *roostv1.Fleet) { proto.Reset(f) }, nil},
		{"nil entries", func(f *roostv1.Fleet) { f.Profiles = append(f.Profiles, nil); f.Devices = append(f.Devices, nil) }, []string{
			`profiles[1]: profile: it is empty`,
			`devices[3]: device: it is empty`,
		}},
		{"profile twice", func(f *roostv1.Fleet) { f.Profiles = append(f.Profiles, pump()) }, []string{`profiles[1].id: pump is there already, at profiles[0].id`}},
		{"device twice", third(func(d *roostv1.DeviceSpec) { d.Id = "pump-1" }), []string{`devices[2].id: pump-1 is there already, at devices[0].id`}},
		{"in a profile", func(f *roostv1.Fleet) { f.Profiles[0].Resources[1].Min = proto.Float64(4000) }, []string{`profiles[0].resources[1].min: resource speed: 4000 is above max 3000`}},
		{"no id", third(func(d *roostv1.DeviceSpec) { d.Id = "" }), []string{`devices[2].id: device id is empty`}},
		{"bad id", third(func(d *roostv1.DeviceSpec) { d.Id = "pump.3" }), []string{`devices[2].id: device id "pump.3": character '.' at position 5 is not one of A-Z a-z 0-9 _ -`}},
		{"no profile", third(func(d *roostv1.DeviceSpec) { d.Profile = "" }), []string{`devices[2].profile: device pump-3: profile id is empty`}},
		{"unknown profile", third(func(d *roostv1.DeviceSpec) { d.Profile = "pumps" }), []string{`devices[2].profile: device pump-3: there is no profile pumps`}},
		{"no driver", third(func(d *roostv1.DeviceSpec) { d.Driver = "" }), []string{`devices[2].driver: device pump-3: it names no driver`}},
		{"bad driver", third(func(d *roostv1.DeviceSpec) { d.Driver = "a/b" }), []string{`devices[2].driver: device pump-3: driver "a/b": character '/' at position 2 is not one of A-Z a-z 0-9 _ -`}},
		{"address", third(func(d *roostv1.DeviceSpec) { d.Address = map[string]string{"host": "\xff", "": ""} }), []string{
			`devices[2].address[""]: device pump-3: the key is empty`,
			`devices[2].address["host"]: device pump-3: not UTF-8 text`,
		}},
		{"bus", third(func(d *roostv1.DeviceSpec) { d.Bus = "/dev/ttyS0" }), []string{`devices[2].bus: device pump-3: bus id "/dev/ttyS0": character '/' at position 1 is not one of A-Z a-z 0-9 _ -`}},
		{"gateways", third(func(d *roostv1.DeviceSpec) { d.Placement.Gateways = []string{"g1", "", "g 2", "g1"} }), []string{
			`devices[2].placement.gateways[1]: device pump-3: gateway id is empty`,
			`devices[2].placement.gateways[2]: device pump-3: gateway id "g 2": character ' ' at position 2 is not one of A-Z a-z 0-9 _ -`,
			`devices[2].placement.gateways[3]: g1 is there already, at devices[2].placement.gateways[0]`,
		}},
		{"selector", third(func(d *roostv1.DeviceSpec) {
			d.Placement.Selector = map[string]string{"site=a": "", "": "x", strings.Repeat("k", 65): "", "ok": "\x00", "example.com/zone": "a b"}
		}), []string{
			`devices[2].placement.selector[""]: device pump-3: the key is empty`,
			`devices[2].placement.selector["` + strings.Repeat("k", 64) + `"]: device pump-3: the key has 65 characters, at most 64 are allowed`,
			`devices[2].placement.selector["ok"]: device pump-3: control character '\x00' is not allowed`,
			`devices[2].placement.selector["site=a"]: device pump-3: the key has other characters than A-Z a-z 0-9 _ . / -`,
		}},
		{"admin state", third(func(d *roostv1.DeviceSpec) { d.AdminState = 9 }), []string{`devices[2].admin_state: device pump-3: 9 is not known`}},
		{"supervision", third(func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{
				BaseDelay: durationpb.New(-time.Second), MaxDelay: durationpb.New(0), Decay: &durationpb.Duration{Nanos: math.MaxInt32},
				ProbeInterval: durationpb.New(1), StaleAfter: durationpb.New(1000 * time.Hour),
				OpenTimeout: durationpb.New(25 * time.Hour), PollTimeout: durationpb.New(time.Hour),
			}
		}), []string{
			`devices[2].supervision.base_delay: device pump-3: -1s is negative`,
			`devices[2].supervision.max_delay: device pump-3: 0 is not a length of time; leave the field out for its default`,
			`devices[2].supervision.decay: device pump-3: 0 s and 2147483647 ns is not a duration`,
			`devices[2].supervision.probe_interval: device pump-3: 1ns is shorter than 1ms`,
			`devices[2].supervision.stale_after: device pump-3: 1000h0m0s is longer than 720h0m0s`,
			`devices[2].supervision.open_timeout: device pump-3: 25h0m0s is longer than 24h0m0s`,
		}},
		{"base delay above max delay", third(func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{BaseDelay: durationpb.New(time.Minute)}
		}), []string{`devices[2].supervision.base_delay: device pump-3: 1m0s is longer than max_delay 30s`}},
		{"commands", third(func(d *roostv1.DeviceSpec) {
			d.Commands = &roostv1.CommandPolicy{QueueLimit: 1 << 20, DefaultExpiry: durationpb.New(-1)}
		}), []string{
			`devices[2].commands.queue_limit: device pump-3: 1048576 is more than 65536`,
			`devices[2].commands.default_expiry: device pump-3: -1ns is negative`,
		}},
		{"poll interval", third(func(d *roostv1.DeviceSpec) { d.PollInterval = durationpb.New(time.Microsecond) }), []string{`devices[2].poll_interval: device pump-3: 1µs is shorter than 1ms`}},
		{"labels", third(func(d *roostv1.DeviceSpec) { d.Labels = map[string]string{"hall": "a\x1b", "a b": ""} }), []string{
			`devices[2].labels["a b"]: device pump-3: the key has other characters than A-Z a-z 0-9 _ . / -`,
			`devices[2].labels["hall"]: device pump-3: control character '\x1b' is not allowed`,
		}},
		{"outbox", third(func(d *roostv1.DeviceSpec) { d.OutboxLimit = math.MaxUint32 }), []string{`devices[2].outbox_limit: device pump-3: 4294967295 is more than 1048576`}},
		{"large", third(func(d *roostv1.DeviceSpec) { d.Description = strings.Repeat("a", 256<<10) }), []string{`devices[2]: device pump-3: 262212 bytes, at most 262144 are accepted`}},
		{"stale between polls", third(func(d *roostv1.DeviceSpec) {
			d.PollInterval = durationpb.New(time.Minute)
			d.Supervision = &roostv1.SupervisionPolicy{StaleAfter: durationpb.New(time.Second)}
		}), []string{
			`devices[2].supervision.stale_after: device pump-3: 1s is shorter than the shortest poll interval, 1m0s`,
		}},
		{"stale between slow polls, but not between fast ones", func(f *roostv1.Fleet) {
			f.Profiles[0].Resources[0].PollInterval = durationpb.New(time.Second)
			f.Devices[2].PollInterval = durationpb.New(time.Minute)
			f.Devices[2].Supervision = &roostv1.SupervisionPolicy{StaleAfter: durationpb.New(2 * time.Second)}
		}, nil},
		{"stale soon, but some are perhaps pushed", func(f *roostv1.Fleet) {
			f.Profiles[0].Resources[0].PollInterval = durationpb.New(time.Minute)
			f.Devices[2].Supervision = &roostv1.SupervisionPolicy{StaleAfter: durationpb.New(2 * time.Second)}
		}, nil},
		{"stale soon, but perhaps pushing", third(func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{StaleAfter: durationpb.New(time.Second)}
		}), nil},
		{"one resource stale between polls", func(f *roostv1.Fleet) {
			f.Profiles[0].Resources[0].MaxStaleness = durationpb.New(time.Second)
			f.Devices[2].PollInterval = durationpb.New(time.Minute)
		}, []string{`devices[2].poll_interval: device pump-3: 1m0s is longer than flow may be without news: its max_staleness is 1s`}},
		{"the profile's mistake is not told of each device", func(f *roostv1.Fleet) {
			f.Profiles[0].Resources[0].MaxStaleness = durationpb.New(time.Second)
			f.Profiles[0].Resources[0].PollInterval = durationpb.New(time.Minute)
		}, []string{`profiles[0].resources[0].max_staleness: resource flow: 1s is shorter than poll_interval 1m0s`}},
		{"two placements on a bus", func(f *roostv1.Fleet) { f.Devices[1].Placement.Gateways = []string{"g1"} }, []string{`devices[1].placement: device pump-2: it shares bus b7 with pump-1, which is placed otherwise; devices of one bus are placed together`}},
		{"two selectors on a bus", func(f *roostv1.Fleet) { f.Devices[1].Placement.Selector = map[string]string{"a": "b"} }, []string{`devices[1].placement: device pump-2: it shares bus b7 with pump-1, which is placed otherwise; devices of one bus are placed together`}},
		{"no placement on a bus", func(f *roostv1.Fleet) { f.Devices[0].Placement = nil }, []string{`devices[1].placement: device pump-2: it shares bus b7 with pump-1, which is placed otherwise; devices of one bus are placed together`}},
		{"gateways in another order", func(f *roostv1.Fleet) { f.Devices[1].Placement.Gateways = []string{"g2", "g1"} }, nil},
		{"another's id as bus", third(func(d *roostv1.DeviceSpec) { d.Id, d.Placement = "b7", nil }), []string{`devices[2].placement: device b7: it shares bus b7 with pump-1, which is placed otherwise; devices of one bus are placed together`}},
		{"retired on a bus", func(f *roostv1.Fleet) {
			f.Devices[0].AdminState, f.Devices[0].Placement = roostv1.AdminState_ADMIN_STATE_RETIRED, nil
		}, nil},
		{"everywhere", func(f *roostv1.Fleet) {
			f.Devices[0].Profile, f.Devices[2].Driver, f.Profiles[0].Commands[0].Name = "none", "", "set"
		}, []string{
			`profiles[0].commands[0].name: command set: the name is reserved: every profile has it, to write resources`,
			`devices[0].profile: device pump-1: there is no profile none`,
			`devices[2].driver: device pump-3: it names no driver`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := plant()
			test.change(f)
			if diff := cmp.Diff(test.want, texts(roostv1.ValidateFleet(f))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if got := texts(roostv1.ValidateFleet(nil)); !cmp.Equal(got, []string{"there is no fleet"}) {
		t.Errorf("nil: %q", got)
	}
}

func TestValidateFleetAmongOthers(t *testing.T) {
	registered := plant().Devices
	retired := proto.CloneOf(registered[2])
	retired.AdminState = roostv1.AdminState_ADMIN_STATE_RETIRED
	add := func(d *roostv1.DeviceSpec) *roostv1.Fleet {
		return &roostv1.Fleet{Profiles: []*roostv1.Profile{pump()}, Devices: []*roostv1.DeviceSpec{d}}
	}
	moved := func(d *roostv1.DeviceSpec) *roostv1.DeviceSpec {
		d = proto.CloneOf(d)
		d.Bus = "b8"
		return d
	}
	lone := &roostv1.DeviceSpec{Id: "pump-9", Profile: "pump", Driver: "sim", Bus: "b7"}
	onBus := func(bus string) *roostv1.DeviceSpec {
		d := proto.CloneOf(lone)
		d.Bus = bus
		return d
	}
	alone := proto.CloneOf(registered[0])
	alone.Placement = nil

	tests := []struct {
		name    string
		fleet   *roostv1.Fleet
		options []roostv1.FleetOption
		want    []string
	}{
		{"registered profile", &roostv1.Fleet{Devices: registered}, []roostv1.FleetOption{
			roostv1.WithProfiles(func(id string) *roostv1.Profile {
				if id != "pump" {
					t.Errorf("asked for profile %q", id)
				}
				return pump()
			}),
		}, nil},
		{"no such profile", add(registered[0]), []roostv1.FleetOption{roostv1.WithProfiles(nil), roostv1.WithDevices(nil)}, nil},
		{"known driver", add(registered[0]), []roostv1.FleetOption{roostv1.WithDrivers("sim", "host")}, nil},
		{"unknown driver", add(registered[0]), []roostv1.FleetOption{roostv1.WithDrivers("modbus", "host")}, []string{`devices[0].driver: device pump-1: there is no driver sim; there are host, modbus`}},
		{"no driver at all", add(registered[0]), []roostv1.FleetOption{roostv1.WithDrivers()}, []string{`devices[0].driver: device pump-1: there is no driver sim, nor any other`}},
		{"same again", plant(), []roostv1.FleetOption{roostv1.WithDevices(slices.Values(registered))}, nil},
		{"bus changed", add(moved(registered[0])), []roostv1.FleetOption{roostv1.WithDevices(slices.Values(registered))}, []string{`devices[0].bus: device pump-1: it is on bus b7 for life, not b8: retire the device and add it anew`}},
		{"bus changed after retirement", add(moved(retired)), []roostv1.FleetOption{roostv1.WithDevices(slices.Values([]*roostv1.DeviceSpec{retired}))}, nil},
		{"added anew after retirement", add(moved(registered[2])), []roostv1.FleetOption{roostv1.WithDevices(slices.Values([]*roostv1.DeviceSpec{retired}))}, nil},
		{"retired neighbour", add(onBus("pump-3")), []roostv1.FleetOption{roostv1.WithDevices(slices.Values([]*roostv1.DeviceSpec{retired}))}, nil},
		{"other placement than registered", add(lone), []roostv1.FleetOption{roostv1.WithDevices(slices.Values(registered))}, []string{`devices[0].placement: device pump-9: it shares bus b7 with pump-1, which is placed otherwise; devices of one bus are placed together`}},
		{"placement changed, neighbour not", add(alone), []roostv1.FleetOption{roostv1.WithDevices(slices.Values(registered))}, []string{`devices[0].placement: device pump-1: it shares bus b7 with pump-2, which is placed otherwise; devices of one bus are placed together`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(roostv1.ValidateFleet(test.fleet, test.options...))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// The order in which the registered devices come makes no difference.
func TestValidateFleetIsDeterministic(t *testing.T) {
	var registered []*roostv1.DeviceSpec
	for i := range 50 {
		registered = append(registered, &roostv1.DeviceSpec{Id: fmt.Sprint("r", i), Bus: "b7"})
	}
	f := plant()
	f.Devices[2].Labels = map[string]string{"a b": "", "c d": "", "e f": "\n", "": ""}
	want := texts(roostv1.ValidateFleet(f, roostv1.WithDevices(slices.Values(registered))))
	if len(want) != 7 {
		t.Fatalf("%d problems: %q", len(want), want)
	}
	slices.Reverse(registered)
	if diff := cmp.Diff(want, texts(roostv1.ValidateFleet(f, roostv1.WithDevices(slices.Values(registered))))); diff != "" {
		t.Errorf("problems (-first +second):\n%s", diff)
	}
}

func TestValidateDevice(t *testing.T) {
	d := plant().Devices[0]
	if got := texts(roostv1.ValidateDevice(d, nil)); got != nil {
		t.Errorf("without a profile: %q", got)
	}
	if got := texts(roostv1.ValidateDevice(d, pump())); got != nil {
		t.Errorf("with its profile: %q", got)
	}
	d.Placement.Gateways = []string{"?"}
	want := []string{
		`profile: device pump-1: it names pump, and was compared with valve`,
		`placement.gateways[0]: device pump-1: gateway id "?": character '?' at position 1 is not one of A-Z a-z 0-9 _ -`,
	}
	if diff := cmp.Diff(want, texts(roostv1.ValidateDevice(d, &roostv1.Profile{Id: "valve", Resources: []*roostv1.Resource{nil}}))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := texts(roostv1.ValidateDevice(nil, nil)); !cmp.Equal(got, []string{"there is no device"}) {
		t.Errorf("nil: %q", got)
	}
}

func TestProblems(t *testing.T) {
	one := roostv1.Problem{Path: "devices[0].id", Message: "device id is empty"}
	if !errors.Is(one, roostv1.ErrInvalid) || roostv1.StatusOf(one).Code != roostv1.ErrInvalid {
		t.Errorf("%v is not ErrInvalid", one)
	}
	tests := []struct {
		problems roostv1.Problems
		want     string
	}{
		{nil, ""},
		{roostv1.Problems{{Message: "there is no fleet"}}, "there is no fleet"},
		{roostv1.Problems{one, {"b", "2"}}, "devices[0].id: device id is empty; b: 2"},
		{roostv1.Problems{one, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}}, "devices[0].id: device id is empty; b: 2; c: 3; and 2 more"},
	}
	for _, test := range tests {
		checkRefusal(t, test.problems.Err(), test.want)
	}
}

func FuzzValidateFleet(f *testing.F) {
	bad := plant()
	bad.Profiles[0].Commands[0].Name = "set"
	bad.Devices[1].Placement = nil
	bad.Devices[2].Labels = map[string]string{"": "\x1b"}
	for _, fleet := range []*roostv1.Fleet{plant(), bad, {}} {
		for _, asJSON := range []bool{false, true} {
			data, err := roostv1.Marshal(fleet, asJSON)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"profiles":[{},{"id":"p","resources":[{"min":"NaN","max":1,"type":9}]}],"devices":[{},{"profile":"p","supervision":{"baseDelay":"-1s"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var fleet roostv1.Fleet
		if _, err := roostv1.Unmarshal(data, &fleet); err != nil {
			return
		}
		problems := roostv1.ValidateFleet(&fleet)
		for _, p := range problems {
			checkText(t, p)
		}
		if diff := cmp.Diff(problems, roostv1.ValidateFleet(&fleet)); diff != "" {
			t.Errorf("the same fleet again (-first +second):\n%s", diff)
		}
		if len(problems) > 0 {
			return
		}
		for _, p := range fleet.Profiles {
			if again := roostv1.ValidateProfile(p); len(again) > 0 {
				t.Errorf("profile %s alone: %q", p.Id, texts(again))
			}
		}
		for _, d := range fleet.Devices {
			if again := roostv1.ValidateDevice(d, nil); len(again) > 0 {
				t.Errorf("device %s alone: %q", d.Id, texts(again))
			}
		}
		if _, err := roostv1.Marshal(&fleet, true); err != nil && !strings.Contains(err.Error(), "at most") {
			t.Errorf("accepted, but not to be written: %v", err)
		}
	})
}

func BenchmarkValidateFleet(b *testing.B) {
	f := plant()
	for i := range 10_000 {
		d := proto.CloneOf(f.Devices[i%3])
		d.Id = fmt.Sprint("more-", i)
		f.Devices = append(f.Devices, d)
	}
	b.ReportAllocs()
	for b.Loop() {
		if problems := roostv1.ValidateFleet(f); len(problems) > 0 {
			b.Fatal(problems.Err())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(f.Devices)), "ns/device")
}
