package roostv1_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// drawInto fills a message with anything: names that often meet, enums and
// numbers in and out of range, and now and then nothing.
func drawInto(t *rapid.T, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); rapid.IntRange(0, 3).Draw(t, "set "+string(field.Name())) > 0 {
			drawField(t, m, field)
		}
	}
}

func drawField(t *rapid.T, m protoreflect.Message, field protoreflect.FieldDescriptor) {
	switch {
	case field.IsList():
		list := m.Mutable(field).List()
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list.Append(draw(t, field, list.NewElement))
		}
	case field.IsMap():
		entries := m.Mutable(field).Map()
		for range rapid.IntRange(0, 3).Draw(t, "entries") {
			key := draw(t, field.MapKey(), nil).MapKey()
			entries.Set(key, draw(t, field.MapValue(), entries.NewValue))
		}
	default:
		m.Set(field, draw(t, field, func() protoreflect.Value { return m.NewField(field) }))
	}
}

// draw returns one value of a field; empty makes the message to fill.
func draw(t *rapid.T, field protoreflect.FieldDescriptor, empty func() protoreflect.Value) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.MessageKind:
		v := empty()
		drawInto(t, v.Message())
		return v
	case protoreflect.StringKind:
		words := []string{"a", "b", "a", "b", "a", "set", "", "a b", "\x1b", "\xff", "9", "*"}
		return protoreflect.ValueOfString(rapid.SampledFrom(words).Draw(t, "text"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 6).Draw(t, "enum")))
	case protoreflect.DoubleKind:
		numbers := []float64{0, 0.5, 1, -1, 1e19, math.NaN(), math.Inf(1)}
		return protoreflect.ValueOfFloat64(rapid.SampledFrom(numbers).Draw(t, "double"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32Range(-1, 1e9).Draw(t, "int32"))
	default: // int64 and sint64
		return protoreflect.ValueOfInt64(rapid.SampledFrom([]int64{0, 1, 5, -1, 1 << 40, math.MaxInt64, math.MinInt64}).Draw(t, "int64"))
	}
}

// drawFleet draws a good fleet in which one field of one message, or all of them,
// have been replaced by anything.
func drawFleet(t *rapid.T) *roostv1.Fleet {
	f := plant()
	p := f.Profiles[0]
	spoil := rapid.SampledFrom([]proto.Message{
		f, p, p.Resources[0], p.Resources[1], p.Resources[4], p.Commands[0], p.Commands[1],
		p.Commands[1].Arguments[0], p.Commands[1].Steps[1], f.Devices[0], f.Devices[1].Placement,
	}).Draw(t, "spoil")
	m := spoil.ProtoReflect()
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		drawInto(t, m)
	} else {
		fields := m.Descriptor().Fields()
		drawField(t, m, fields.Get(rapid.IntRange(0, fields.Len()-1).Draw(t, "field")))
	}
	return f
}

func TestAnyFleet(t *testing.T) { rapid.Check(t, checkAnyFleet) }

func FuzzAnyFleet(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkAnyFleet)) }

func checkAnyFleet(t *rapid.T) {
	f := drawFleet(t)
	before := proto.CloneOf(f)
	problems := roostv1.ValidateFleet(f)
	for _, p := range problems {
		checkText(t, p)
	}
	if diff := cmp.Diff(problems, roostv1.ValidateFleet(f)); diff != "" {
		t.Errorf("the same fleet again (-first +second):\n%s", diff)
	}
	if !proto.Equal(before, f) {
		t.Errorf("the fleet was changed:\n%v\n%v", before, f)
	}
	if len(problems) > 0 {
		return
	}
	if _, err := roostv1.Marshal(f, true); err != nil {
		t.Errorf("accepted, but cannot be written: %v", err)
	}
	for _, p := range f.Profiles {
		checkDefaults(t, p)
	}
}

// checkDefaults fails unless the commands of an accepted profile that need nothing
// from their sender can be planned.
func checkDefaults(t reporter, p *roostv1.Profile) {
	t.Helper()
	for _, c := range p.Commands {
		free := true
		for _, a := range c.Arguments {
			free = free && a.Default != nil
		}
		for _, s := range c.Steps {
			free = free && s.GetValue() != nil // An argument's range may be wider than the resource's.
		}
		if _, err := roostv1.MakePlan(p, order(c.Name, nil)); free && err != nil {
			t.Errorf("accepted, but: %v", err)
		}
	}
}

func TestAnyPlan(t *testing.T) { rapid.Check(t, checkAnyPlan) }

func FuzzAnyPlan(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkAnyPlan)) }

func checkAnyPlan(t *rapid.T) {
	p := &roostv1.Profile{}
	if fleet := drawFleet(t); len(fleet.Profiles) > 0 {
		p = fleet.Profiles[0]
	}
	c := rapid.SampledFrom([]*roostv1.Command{
		order("set_speed", values{"rpm": roostv1.Int(900)}),
		order("run", values{"mode": roostv1.Text("auto")}),
		order("purge", values{"seconds": roostv1.Uint(5)}),
		order("set", values{"speed": roostv1.Double(5), "mode": roostv1.Text("off"), "start": roostv1.Bool(true)}),
	}).Draw(t, "command")
	c = proto.CloneOf(c)
	if rapid.Bool().Draw(t, "spoil the command") {
		name := rapid.SampledFrom([]string{"rpm", "mode", "seconds", "speed", "a"}).Draw(t, "argument")
		c.Arguments[name] = rapid.SampledFrom([]*roostv1.Value{
			roostv1.Int(1), roostv1.Uint(9000), roostv1.Double(0.5), roostv1.Text("auto"), roostv1.Bool(true), nil, {},
		}).Draw(t, "value")
	}
	plan, err := roostv1.MakePlan(p, c)
	if err != nil {
		checkText(t, err)
		return
	}
	checkPlan(t, p, plan)
	if again, err := roostv1.MakePlan(p, c); err != nil || cmp.Diff(plan, again, protocmp.Transform()) != "" {
		t.Errorf("the same command planned again: %v, %v, was %v", again, err, plan)
	}
}
