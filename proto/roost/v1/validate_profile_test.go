package roostv1_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// texts returns problems as they are printed.
func texts(problems []roostv1.Problem) []string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Error())
	}
	return lines
}

func TestValidateProfile(t *testing.T) {
	type profile = roostv1.Profile
	flow := func(change func(r *roostv1.Resource)) func(p *profile) {
		return func(p *profile) { change(p.Resources[0]) }
	}
	speed := func(change func(r *roostv1.Resource)) func(p *profile) {
		return func(p *profile) { change(p.Resources[1]) }
	}
	run := func(change func(c *roostv1.CommandSpec)) func(p *profile) {
		return func(p *profile) { change(p.Commands[1]) }
	}
	rpm := func(change func(a *roostv1.Argument)) func(p *profile) {
		return func(p *profile) { change(p.Commands[1].Arguments[0]) }
	}
	step := func(s *roostv1.Step) func(p *profile) {
		return func(p *profile) { p.Commands[1].Steps = append(p.Commands[1].Steps, s) }
	}
	tests := []struct {
		name   string
		change func(p *profile)
		want   []string
	}{
		{"nothing but an id", func(p *profile) { proto.Reset(p); p.Id = "p" }, nil},
		{"empty", func(p *profile) { proto.Reset(p) }, []string{`id: profile id is empty`}},
		{"id", func(p *profile) { p.Id = "a b" }, []string{`id: profile id "a b": character ' ' at position 2 is not one of A-Z a-z 0-9 _ -`}},
		{"escape in a description", func(p *profile) { p.Description = "a\x1b" }, []string{`description: control character '\x1b' is not allowed`}},
		{"line break in a model", func(p *profile) { p.Model = "a\nb" }, []string{`model: control character '\n' is not allowed`}},
		{"not UTF-8", func(p *profile) { p.Manufacturer = "\xff" }, []string{`manufacturer: not UTF-8 text`}},
		{"large", func(p *profile) { proto.Reset(p); p.Id = "p"; p.Description = strings.Repeat("a", 256<<10) }, []string{`262151 bytes, at most 262144 are accepted`}},

		{"nil resource", func(p *profile) { p.Resources = append(p.Resources, nil) }, []string{`resources[6]: resource: it is empty`}},
		{"resource name", func(p *profile) { p.Resources[5].Name = "is running"; p.Resources[4].Readback = "" }, []string{
			`resources[5].name: resource name "is running": character ' ' at position 3 is not one of A-Z a-z 0-9 _ . -`,
			`commands[1].confirmation: command run: READBACK, but start cannot be read and names no readback`,
		}},
		{"two of a name", func(p *profile) { p.Resources[5].Name = "flow"; p.Resources[4].Readback = "flow" }, []string{`resources[5].name: flow is there already, at resources[0].name`, `resources[4].readback: resource start: flow is a DOUBLE and cannot be compared with a BOOL`}},
		{"no type", flow(func(r *roostv1.Resource) { r.Type = typeNone }), []string{`resources[0].type: resource flow: it has no type`}},
		{"unknown type", flow(func(r *roostv1.Resource) { r.Type = 99 }), []string{`resources[0].type: resource flow: 99 is not known`}},
		{"unit", flow(func(r *roostv1.Resource) { r.Unit = "m³/h" }), []string{`resources[0].unit: resource flow: m³/h has characters that no UCUM unit has: they are printable ASCII without spaces`}},
		{"long unit", flow(func(r *roostv1.Resource) { r.Unit = strings.Repeat("m", 65) }), []string{`resources[0].unit: resource flow: 65 characters, at most 64 are allowed`}},
		{"limits reversed", flow(func(r *roostv1.Resource) { r.Min = proto.Float64(50.5) }), []string{`resources[0].min: resource flow: 50.5 is above max 50`}},
		{"NaN limit", flow(func(r *roostv1.Resource) { r.Max = proto.Float64(math.NaN()) }), []string{`resources[0].max: resource flow: NaN is not a finite number`}},
		{"infinite limit", flow(func(r *roostv1.Resource) { r.Min = proto.Float64(math.Inf(-1)) }), []string{`resources[0].min: resource flow: -Inf is not a finite number`}},
		{"limit of text", func(p *profile) { p.Resources[2].Max = proto.Float64(1) }, []string{`resources[2].max: resource mode: only a number has limits, and this is a STRING`}},
		{"options of a number", flow(func(r *roostv1.Resource) { r.Options = []string{"a"} }), []string{`resources[0].options: resource flow: only a STRING has options, and this is a DOUBLE`}},
		{"option twice", func(p *profile) { p.Resources[2].Options = append(p.Resources[2].Options, "auto") }, []string{`resources[2].options[3]: auto is there already, at resources[2].options[0]`}},
		{"unknown access", flow(func(r *roostv1.Resource) { r.Access = 9 }), []string{`resources[0].access: resource flow: 9 is not known`}},
		{"no write kind", speed(func(r *roostv1.Resource) { r.WriteKind = 0 }), []string{`resources[1].write_kind: resource speed: it can be written, so say what a repeated write does: ABSOLUTE, RELATIVE or PULSE`}},
		{"unknown write kind", speed(func(r *roostv1.Resource) { r.WriteKind = 9 }), []string{`resources[1].write_kind: resource speed: 9 is not known`}},
		{"write kind, but read-only", flow(func(r *roostv1.Resource) { r.WriteKind = roostv1.WriteKind_WRITE_KIND_PULSE }), []string{`resources[0].write_kind: resource flow: PULSE, but access says that it cannot be written`}},
		{"unknown readback", speed(func(r *roostv1.Resource) { r.Readback = "sped" }), []string{`resources[1].readback: resource speed: there is no resource sped`}},
		{"unreadable readback", speed(func(r *roostv1.Resource) { r.Readback = "trim" }), []string{`resources[1].readback: resource speed: trim cannot be read`}},
		{"readback of what is not written", flow(func(r *roostv1.Resource) { r.Readback = "speed" }), []string{`resources[0].readback: resource flow: it is never written, so speed shows nothing`}},
		{"readback of another type", speed(func(r *roostv1.Resource) { r.Readback = "mode" }), []string{`resources[1].readback: resource speed: mode is a STRING and cannot be compared with an INT`}},
		{"readback of another number", speed(func(r *roostv1.Resource) { r.Readback = "flow" }), nil},
		{"negative tolerance", speed(func(r *roostv1.Resource) { r.ReadbackTolerance = -1 }), []string{`resources[1].readback_tolerance: resource speed: -1 is negative`}},
		{"NaN deadband", flow(func(r *roostv1.Resource) { r.Deadband = math.NaN() }), []string{`resources[0].deadband: resource flow: NaN is not a finite number`}},
		{"deadband of text", func(p *profile) { p.Resources[2].Deadband = 0.5 }, []string{`resources[2].deadband: resource mode: 0.5 makes no sense for a STRING`}},
		{"no settling", speed(func(r *roostv1.Resource) { r.SettleTime = durationpb.New(0) }), nil},
		{"negative settling", speed(func(r *roostv1.Resource) { r.SettleTime = durationpb.New(-time.Second) }), []string{`resources[1].settle_time: resource speed: -1s is negative`}},
		{"polled without a pause", flow(func(r *roostv1.Resource) { r.PollInterval = durationpb.New(1) }), []string{`resources[0].poll_interval: resource flow: 1ns is shorter than 1ms`}},
		{"polled never", flow(func(r *roostv1.Resource) { r.PollInterval = durationpb.New(roostv1.MaxInterval + 1) }), []string{`resources[0].poll_interval: resource flow: 720h0m0.000000001s is longer than 720h0m0s`}},
		{"polled at nothing", flow(func(r *roostv1.Resource) { r.PollInterval = durationpb.New(0) }), []string{`resources[0].poll_interval: resource flow: 0 is not a length of time; leave the field out for its default`}},
		{"endless heartbeat", flow(func(r *roostv1.Resource) { r.Heartbeat = &durationpb.Duration{Seconds: math.MaxInt64} }), []string{`resources[0].heartbeat: resource flow: 9223372036854775807 s and 0 ns is not a duration`}},
		{"stale between polls", flow(func(r *roostv1.Resource) {
			r.PollInterval, r.MaxStaleness = durationpb.New(time.Minute), durationpb.New(time.Second)
		}), []string{`resources[0].max_staleness: resource flow: 1s is shorter than poll_interval 1m0s`}},
		{"protocol", flow(func(r *roostv1.Resource) { r.Protocol = map[string]string{"": "x", "b": "\xff", "a\n": ""} }), []string{
			`resources[0].protocol[""]: resource flow: the key is empty`,
			`resources[0].protocol["a\n"]: resource flow: control character '\n' is not allowed`,
			`resources[0].protocol["b"]: resource flow: not UTF-8 text`,
		}},

		{"nil command", func(p *profile) { p.Commands = append(p.Commands, nil) }, []string{`commands[3]: command: it is empty`}},
		{"set", run(func(c *roostv1.CommandSpec) { c.Name = "set" }), []string{`commands[1].name: command set: the name is reserved: every profile has it, to write resources`}},
		{"command name", run(func(c *roostv1.CommandSpec) { c.Name = "" }), []string{`commands[1].name: command name is empty`}},
		{"two commands of a name", run(func(c *roostv1.CommandSpec) { c.Name = "set_speed" }), []string{`commands[1].name: set_speed is there already, at commands[0].name`}},
		{"command without write kind", run(func(c *roostv1.CommandSpec) { c.WriteKind = 0 }), nil}, // taken as the strictest
		{"endless command", run(func(c *roostv1.CommandSpec) { c.Timeout = durationpb.New(25 * time.Hour) }), []string{`commands[1].timeout: command run: 25h0m0s is longer than 24h0m0s`}},
		{"unknown confirmation", run(func(c *roostv1.CommandSpec) { c.Confirmation = 9 }), []string{`commands[1].confirmation: command run: 9 is not known`}},
		{"nothing to read back", run(func(c *roostv1.CommandSpec) { c.Steps = nil }), []string{`commands[1].confirmation: command run: READBACK needs steps: nothing is known to read back from a command that the driver takes as a whole`}},

		{"nil argument", run(func(c *roostv1.CommandSpec) { c.Arguments = append(c.Arguments, nil) }), []string{`commands[1].arguments[2]: argument: it is empty`}},
		{"argument name", func(p *profile) { p.Commands[2].Arguments[0].Name = "a=b" }, []string{`commands[2].arguments[0].name: argument name "a=b": character '=' at position 2 is not one of A-Z a-z 0-9 _ . -`}},
		{"two arguments of a name", func(p *profile) {
			c := p.Commands[2]
			c.Arguments = append(c.Arguments, proto.CloneOf(c.Arguments[0]))
		}, []string{`commands[2].arguments[1].name: seconds is there already, at commands[2].arguments[0].name`}},
		{"argument's limits", rpm(func(a *roostv1.Argument) { a.Min, a.Max = proto.Float64(2), proto.Float64(1); a.Default = nil }), []string{`commands[1].arguments[0].min: argument rpm: 2 is above max 1`}},
		{"default of another type", rpm(func(a *roostv1.Argument) { a.Default = roostv1.Bool(true) }), []string{`commands[1].arguments[0].default: argument rpm: true is a BOOL, not a UINT`}},
		{"default out of range", rpm(func(a *roostv1.Argument) { a.Max = proto.Float64(800) }), []string{`commands[1].arguments[0].default: argument rpm: 900 is above the maximum 800`}},
		{"default without value", rpm(func(a *roostv1.Argument) { a.Default = &roostv1.Value{} }), []string{`commands[1].arguments[0].default: argument rpm: no value, where a UINT is needed`}},

		{"nil step", step(nil), []string{
			`commands[1].steps[3].resource: command run: the step names no resource`,
			`commands[1].steps[3]: command run: the step has no source: name an argument or give a value`,
		}},
		{"step without source", step(&roostv1.Step{Resource: "speed"}), []string{`commands[1].steps[3]: command run: the step has no source: name an argument or give a value`}},
		{"step to nowhere", step(&roostv1.Step{Resource: "sped", Source: &roostv1.Step_Argument{Argument: "rpm"}}), []string{`commands[1].steps[3].resource: command run: there is no resource sped`}},
		{"step to what cannot be written", step(&roostv1.Step{Resource: "flow", Source: &roostv1.Step_Argument{Argument: "rpm"}}), []string{`commands[1].steps[3].resource: command run: flow cannot be written`}},
		{"step from nowhere", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Argument{Argument: "rmp"}}), []string{`commands[1].steps[3].argument: command run: there is no argument rmp`}},
		{"step from another type", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Argument{Argument: "mode"}}), []string{`commands[1].steps[3].argument: command run: mode is a STRING, but speed is an INT`}},
		{"constant out of range", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Value{Value: roostv1.Int(3001)}}), []string{`commands[1].steps[3].value: command run: 3001 1/min is above the maximum 3000`}},
		{"constant without value", step(&roostv1.Step{Resource: "speed", Source: &roostv1.Step_Value{}}), []string{`commands[1].steps[3].value: command run: no value, where an INT is needed`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := pump()
			test.change(p)
			if diff := cmp.Diff(test.want, texts(roostv1.ValidateProfile(p))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if got := texts(roostv1.ValidateProfile(nil)); !cmp.Equal(got, []string{"there is no profile"}) {
		t.Errorf("nil: %q", got)
	}
}

// A profile that is accepted never makes a plan fail: whatever is refused is the
// sender's mistake.
func TestAcceptedProfilesPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pump()
		low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
		high := rapid.Float64Range(-1e6, 1e6).Draw(t, "high")
		kind := rapid.SampledFrom([]roostv1.ValueType{typeInt, typeUint, typeDouble}).Draw(t, "kind")
		value := drawNumber(t, "constant")
		p.Resources[1].Type, p.Resources[1].Min, p.Resources[1].Max = kind, &low, &high
		p.Commands[1].Steps[1].Source = &roostv1.Step_Value{Value: value}
		problems := roostv1.ValidateProfile(p)
		_, err := roostv1.MakePlan(p, order("run", nil))
		if (len(problems) == 0) != (err == nil) {
			t.Fatalf("%v in %v..%v as %v: problems %q, plan %v", value, low, high, kind, texts(problems), err)
		}
	})
}
