package roostv1_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

type values = map[string]*roostv1.Value

func order(name string, arguments values) *roostv1.Command {
	return &roostv1.Command{Id: "c1", DeviceId: "pump-1", Name: name, Arguments: arguments}
}

func TestMakePlan(t *testing.T) {
	const (
		absolute = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
		relative = roostv1.WriteKind_WRITE_KIND_RELATIVE
		pulse    = roostv1.WriteKind_WRITE_KIND_PULSE
		ack      = roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK
		readback = roostv1.Confirmation_CONFIRMATION_READBACK
	)
	tests := []struct {
		name    string
		command *roostv1.Command
		want    roostv1.Plan
	}{
		{
			"an argument in its own type, the write in the resource's",
			order("set_speed", values{"rpm": roostv1.Uint(900)}),
			roostv1.Plan{
				Command:   "set_speed",
				Arguments: values{"rpm": roostv1.Double(900)},
				Steps:     []roostv1.Write{{Resource: "speed", Value: roostv1.Int(900)}},
				WriteKind: absolute, Timeout: 7 * time.Second, Confirmation: ack,
			},
		},
		{
			"defaults, constants, and the strictest of the kinds",
			order("run", values{"mode": roostv1.Text("manual")}),
			roostv1.Plan{
				Command:   "run",
				Arguments: values{"mode": roostv1.Text("manual"), "rpm": roostv1.Uint(900)},
				Steps: []roostv1.Write{
					{Resource: "mode", Value: roostv1.Text("manual")},
					{Resource: "speed", Value: roostv1.Int(900)},
					{Resource: "start", Value: roostv1.Bool(true)},
				},
				WriteKind: pulse, Timeout: 5 * time.Second, Confirmation: readback,
			},
		},
		{
			"no steps: for the driver",
			order("purge", values{"seconds": roostv1.Double(10)}),
			roostv1.Plan{
				Command: "purge", Arguments: values{"seconds": roostv1.Uint(10)},
				WriteKind: pulse, Timeout: 5 * time.Second, Confirmation: ack,
			},
		},
		{
			"set writes in the order of the profile",
			order("set", values{"trim": roostv1.Double(1.5), "mode": roostv1.Text("off"), "speed": roostv1.Int(0)}),
			roostv1.Plan{
				Command:   "set",
				Arguments: values{"trim": roostv1.Double(1.5), "mode": roostv1.Text("off"), "speed": roostv1.Int(0)},
				Steps: []roostv1.Write{
					{Resource: "speed", Value: roostv1.Int(0)},
					{Resource: "mode", Value: roostv1.Text("off")},
					{Resource: "trim", Value: roostv1.Double(1.5)},
				},
				WriteKind: relative, Timeout: 5 * time.Second, Confirmation: ack,
			},
		},
		{
			"the sender's timeout and wish",
			&roostv1.Command{
				DeviceId: "pump-1", Name: "set_speed", Arguments: values{"rpm": roostv1.Double(900)},
				Timeout: durationpb.New(time.Minute), Confirmation: readback,
			},
			roostv1.Plan{
				Command:   "set_speed",
				Arguments: values{"rpm": roostv1.Double(900)},
				Steps:     []roostv1.Write{{Resource: "speed", Value: roostv1.Int(900)}},
				WriteKind: absolute, Timeout: time.Minute, Confirmation: readback,
			},
		},
		{
			"a weaker wish than the profile's",
			&roostv1.Command{DeviceId: "pump-1", Name: "run", Confirmation: ack},
			roostv1.Plan{
				Command:   "run",
				Arguments: values{"mode": roostv1.Text("auto"), "rpm": roostv1.Uint(900)},
				Steps: []roostv1.Write{
					{Resource: "mode", Value: roostv1.Text("auto")},
					{Resource: "speed", Value: roostv1.Int(900)},
					{Resource: "start", Value: roostv1.Bool(true)},
				},
				WriteKind: pulse, Timeout: 5 * time.Second, Confirmation: readback,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := roostv1.MakePlan(pump(), test.command)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, *got, protocmp.Transform()); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMakePlanRefuses(t *testing.T) {
	invalid, notFound := error(roostv1.ErrInvalid), error(roostv1.ErrNotFound)
	readback := func(c *roostv1.Command) *roostv1.Command {
		c.Confirmation = roostv1.Confirmation_CONFIRMATION_READBACK
		return c
	}
	tests := []struct {
		name    string
		command *roostv1.Command
		code    error
		want    string
	}{
		{"nil", nil, invalid, `no command`},
		{"unknown", order("spin", nil), notFound, `pump-1: there is no command spin; profile pump has set_speed, run, purge, set`},
		{"no name", order("", nil), notFound, `pump-1: there is no command ""; profile pump has set_speed, run, purge, set`},
		{"above", order("set_speed", values{"rpm": roostv1.Int(9000)}), invalid, `pump-1: set_speed: rpm = 9000 1/min is above the maximum 3000`},
		{"below", order("set_speed", values{"rpm": roostv1.Double(-0.5)}), invalid, `pump-1: set_speed: rpm = -0.5 1/min is below the minimum 0`},
		{"type", order("set_speed", values{"rpm": roostv1.Text("fast")}), invalid, `pump-1: set_speed: rpm = fast is a STRING, not a DOUBLE`},
		{"NaN", order("set_speed", values{"rpm": roostv1.Double(math.NaN())}), invalid, `pump-1: set_speed: rpm = NaN is not a finite number`},
		{"no value", order("set_speed", values{"rpm": {}}), invalid, `pump-1: set_speed: rpm has no value, where a DOUBLE is needed`},
		{"nil value in place of a default", order("run", values{"rpm": nil}), invalid, `pump-1: run: rpm has no value, where a UINT is needed`},
		{"missing", order("set_speed", nil), invalid, `pump-1: set_speed: argument rpm is missing: a DOUBLE`},
		{"unknown argument", order("set_speed", values{"rpm": roostv1.Int(1), "ramp": roostv1.Int(1)}), invalid, `pump-1: set_speed: there is no argument ramp; it takes rpm`},
		{"option", order("run", values{"mode": roostv1.Text("turbo")}), invalid, `pump-1: run: mode = turbo is not one of auto, manual`},
		{"resource's own type", order("set_speed", values{"rpm": roostv1.Double(0.5)}), invalid, `pump-1: set_speed: rpm = 0.5 is not a whole number, as an INT must be, for speed`},
		{"resource's own limit", order("run", values{"rpm": roostv1.Uint(3001)}), invalid, `pump-1: run: rpm = 3001 1/min is above the maximum 3000, for speed`},
		{"set nothing", order("set", nil), invalid, `pump-1: set: no resource to write; writable are speed, mode, trim, start`},
		{"set unknown", order("set", values{"sped": roostv1.Int(1)}), invalid, `pump-1: set: there is no resource sped; writable are speed, mode, trim, start`},
		{"set read-only", order("set", values{"flow": roostv1.Int(1)}), invalid, `pump-1: set: flow cannot be written; writable are speed, mode, trim, start`},
		{"set above", order("set", values{"speed": roostv1.Int(9000)}), invalid, `pump-1: set: speed = 9000 1/min is above the maximum 3000`},
		{"set option", order("set", values{"mode": roostv1.Text("")}), invalid, `pump-1: set: mode = "" is not one of auto, manual, off`},
		{"unreadable", readback(order("set", values{"trim": roostv1.Int(1)})), invalid, `pump-1: set: trim cannot be read back to confirm it`},
		{"whole", readback(order("purge", values{"seconds": roostv1.Int(1)})), invalid, `pump-1: purge: the driver takes it as a whole, so nothing can be read back to confirm it`},
		{"confirmation", &roostv1.Command{DeviceId: "pump-1", Name: "run", Confirmation: 9}, invalid, `pump-1: run: confirmation 9 is not known`},
		{"timeout", &roostv1.Command{DeviceId: "pump-1", Name: "run", Timeout: durationpb.New(-time.Second)}, invalid, `pump-1: run: timeout: -1s is negative`},
		{"escapes", &roostv1.Command{DeviceId: "\x1b[2J", Name: "a\xffb"}, notFound, `"\x1b[2J": there is no command "a\xffb"; profile pump has set_speed, run, purge, set`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plan, err := roostv1.MakePlan(pump(), test.command)
			var status *roostv1.Status
			if plan != nil || !errors.As(err, &status) || !errors.Is(err, test.code) {
				t.Fatalf("MakePlan = %v, %v, want a status that is %v", plan, err, test.code)
			}
			if err.Error() != test.want {
				t.Errorf("got\n%s\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestMakePlanOfPoorProfiles(t *testing.T) {
	step := func(source *roostv1.Step) *roostv1.Profile {
		p := pump()
		p.Commands[1].Steps = append(p.Commands[1].Steps, source)
		return p
	}
	crowd := &roostv1.Profile{Id: "p", Commands: slices.Repeat([]*roostv1.CommandSpec{{Name: "x"}}, 25)}
	sensor := &roostv1.Profile{Id: "sensor", Resources: []*roostv1.Resource{{Name: "t", Type: typeDouble}}}
	tests := []struct {
		name    string
		profile *roostv1.Profile
		command *roostv1.Command
		want    string
	}{
		{"no profile", nil, order("run", nil), `pump-1: run: the profile of the device is not known`},
		{"no commands", sensor, order("run", nil), `pump-1: there is no command run: profile sensor has none`},
		{"nothing to set", sensor, order("set", nil), `pump-1: set: no resource to write; profile sensor has none that can be written`},
		{"no such resource", step(&roostv1.Step{Resource: "x"}), order("run", nil), `pump-1: run: step 4: profile pump has no resource x`},
		{"read-only resource", step(&roostv1.Step{Resource: "flow"}), order("run", nil), `pump-1: run: step 4: flow cannot be written`},
		{"no source", step(&roostv1.Step{Resource: "speed"}), order("run", nil), `pump-1: run: speed has no value, where an INT is needed`},
		{"no such argument", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Argument{Argument: "x"}}), order("run", nil), `pump-1: run: x has no value, where an INT is needed`},
		{"nil step", step(nil), order("run", nil), `pump-1: run: step 4: profile pump has no resource ""`},
		{"nil argument", &roostv1.Profile{Id: "p", Commands: []*roostv1.CommandSpec{{Name: "run", Arguments: []*roostv1.Argument{nil}}}}, order("run", values{"": roostv1.Int(1)}), `pump-1: run: "" = 1 is an INT, not a value of no type`},
		{"nil command", &roostv1.Profile{Id: "p", Commands: []*roostv1.CommandSpec{nil}}, order("", nil), `pump-1: there is no command ""; profile p has ""`},
		{"no arguments", crowd, order("x", values{"a": roostv1.Int(1)}), `pump-1: x: there is no argument a: it takes none`},
		{"many commands", crowd, order("run", nil), `pump-1: there is no command run; profile p has ` + strings.Join(slices.Repeat([]string{"x"}, 20), ", ") + ` and 5 more`},
		{"constant", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Value{Value: roostv1.Int(-1)}}), order("run", nil), `pump-1: run: speed = -1 1/min is below the minimum 0`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plan, err := roostv1.MakePlan(test.profile, test.command)
			if plan != nil || err == nil || err.Error() != test.want {
				t.Errorf("MakePlan = %v,\n%v\nwant\n%s", plan, err, test.want)
			}
		})
	}
}

func TestWriteKindIsTheStrictest(t *testing.T) {
	kinds := []roostv1.WriteKind{ // from the mildest
		roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
		roostv1.WriteKind_WRITE_KIND_RELATIVE,
		roostv1.WriteKind_WRITE_KIND_PULSE,
		roostv1.WriteKind_WRITE_KIND_UNSPECIFIED,
	}
	for i, ofCommand := range kinds {
		for j, ofResource := range kinds {
			p := pump()
			p.Commands[0].WriteKind = ofCommand
			p.Resource("speed").WriteKind = ofResource
			plan, err := roostv1.MakePlan(p, order("set_speed", values{"rpm": roostv1.Int(1)}))
			if err != nil {
				t.Fatal(err)
			}
			if want := kinds[max(i, j)]; plan.WriteKind != want {
				t.Errorf("command %v, resource %v: plan %v, want %v", ofCommand, ofResource, plan.WriteKind, want)
			}
		}
	}
}

func FuzzMakePlan(f *testing.F) {
	profile, err := proto.Marshal(pump())
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []*roostv1.Command{
		order("set_speed", values{"rpm": roostv1.Int(900)}),
		order("run", values{"mode": roostv1.Text("manual")}),
		order("purge", values{"seconds": roostv1.Double(0.5)}),
		order("set", values{"speed": roostv1.Uint(1), "trim": roostv1.Double(math.Inf(1)), "start": {}}),
		{Name: "set", Timeout: &durationpb.Duration{Seconds: math.MaxInt64}, Confirmation: 2},
		{},
	} {
		command, err := proto.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(profile, command)
	}
	f.Add([]byte(`{"id":"x","commands":[{"name":"set"},{}],"resources":[{},{"name":"a","max":"NaN","type":"VALUE_TYPE_INT","access":3}]}`), []byte(`{"name":"set","arguments":{"a":{"int":"5"}}}`))
	f.Fuzz(func(t *testing.T, profile, command []byte) {
		var p roostv1.Profile
		var c roostv1.Command
		if _, err := roostv1.Unmarshal(profile, &p); err != nil {
			return
		}
		if _, err := roostv1.Unmarshal(command, &c); err != nil {
			return
		}
		plan, err := roostv1.MakePlan(&p, &c)
		if err != nil {
			if plan != nil {
				t.Errorf("a plan and the error %v", err)
			}
			checkText(t, err)
			return
		}
		checkPlan(t, &p, plan)
		if again, err := roostv1.MakePlan(&p, &c); err != nil || cmp.Diff(plan, again, protocmp.Transform()) != "" {
			t.Errorf("the same command planned again: %v, %v, was %v", again, err, plan)
		}
	})
}

// checkPlan fails unless a plan keeps what its documentation says.
func checkPlan(t reporter, p *roostv1.Profile, plan *roostv1.Plan) {
	t.Helper()
	if plan.Timeout <= 0 || plan.Timeout > roostv1.MaxTimeout {
		t.Errorf("timeout %v", plan.Timeout)
	}
	if plan.Confirmation <= 0 {
		t.Errorf("confirmation %v", plan.Confirmation)
	}
	for _, w := range plan.Steps {
		r := p.Resource(w.Resource)
		if !r.Writable() {
			t.Errorf("writes %q, which cannot be written", w.Resource)
		}
		if v, quality, _ := roostv1.CheckReading(r, w.Value); quality != roostv1.Quality_QUALITY_GOOD || v != w.Value {
			t.Errorf("writes %v to %v", w.Value, r)
		}
		if plan.WriteKind == roostv1.WriteKind_WRITE_KIND_ABSOLUTE && r.GetWriteKind() != plan.WriteKind {
			t.Errorf("ABSOLUTE, but writes %v", r)
		}
	}
}

func BenchmarkMakePlan(b *testing.B) {
	p, c := pump(), order("set_speed", values{"rpm": roostv1.Double(900)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := roostv1.MakePlan(p, c); err != nil {
			b.Fatal(err)
		}
	}
}
