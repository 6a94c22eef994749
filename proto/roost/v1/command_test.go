package roostv1_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fullCommand has every field set.
func fullCommand() *roostv1.Command {
	return &roostv1.Command{
		Id: "c1", DeviceId: "pump-1", Name: "run",
		Arguments:      values{"rpm": roostv1.Int(900), "mode": roostv1.Text("auto"), "by": roostv1.Double(0.5)},
		ExpiresIn:      durationpb.New(time.Minute),
		NotBefore:      durationpb.New(time.Second),
		Timeout:        durationpb.New(5 * time.Second),
		Priority:       roostv1.Priority_PRIORITY_HIGH,
		Supersede:      true,
		QueueWhileAway: true,
		Precondition:   &roostv1.Precondition{Resource: "running", Equals: roostv1.Bool(false)},
		Confirmation:   roostv1.Confirmation_CONFIRMATION_READBACK,
		Sender:         "ann",
		Reason:         "line 1\nline 2",
		ParentId:       "f1",
	}
}

func TestBodyEqual(t *testing.T) {
	other := func(change func(c *roostv1.Command)) *roostv1.Command {
		c := fullCommand()
		change(c)
		return c
	}
	tests := []struct {
		name string
		b    *roostv1.Command
		want bool
	}{
		{"same", fullCommand(), true},
		{"other id", other(func(c *roostv1.Command) { c.Id = "c2" }), true},
		{"other value", other(func(c *roostv1.Command) { c.Arguments["rpm"] = roostv1.Int(901) }), false},
		{"other kind of value", other(func(c *roostv1.Command) { c.Arguments["rpm"] = roostv1.Uint(900) }), false},
		{"one argument less", other(func(c *roostv1.Command) { delete(c.Arguments, "by") }), false},
		{"zero in place of unset", other(func(c *roostv1.Command) { c.Precondition.Equals = nil }), false},
		{"nil", nil, false},
	}
	for _, test := range tests {
		if got := roostv1.BodyEqual(fullCommand(), test.b); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if got := roostv1.BodyEqual(test.b, fullCommand()); got != test.want {
			t.Errorf("%s, turned round: %v, want %v", test.name, got, test.want)
		}
	}
	if !roostv1.BodyEqual(nil, nil) {
		t.Error("nil differs from nil")
	}
}

// Every field but the id counts, also those that later versions add.
func TestBodyEqualIgnoresNothingButTheID(t *testing.T) {
	fields := fullCommand().ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		c := fullCommand()
		if !c.ProtoReflect().Has(field) {
			t.Errorf("the test leaves out %s", field.Name())
		}
		c.ProtoReflect().Clear(field)
		if got, want := roostv1.BodyEqual(fullCommand(), c), field.Name() == "id"; got != want {
			t.Errorf("without %s: %v, want %v", field.Name(), got, want)
		}
	}
	newer := fullCommand()
	newer.ProtoReflect().SetUnknown(protoreflect.RawFields{0xc0, 0x3e, 1}) // field 1000
	if roostv1.BodyEqual(fullCommand(), newer) {
		t.Error("a field that this version does not know is ignored")
	}
}

func TestBodyEqualOfCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &roostv1.Command{Id: "a", Name: rapid.String().Draw(t, "name"), Arguments: values{}}
		for i := range rapid.IntRange(0, 20).Draw(t, "arguments") {
			c.Arguments[fmt.Sprint("a", i)] = drawNumber(t, "value")
		}
		b := proto.CloneOf(c)
		b.Id = rapid.String().Draw(t, "id")
		if !roostv1.BodyEqual(c, b) {
			t.Fatalf("%v differs from %v", c, b)
		}
		if c.Id != "a" {
			t.Fatalf("the command was changed: %v", c)
		}
	})
}

func TestValidateCommand(t *testing.T) {
	with := func(change func(c *roostv1.Command)) *roostv1.Command {
		c := fullCommand()
		change(c)
		return c
	}
	many := func(n int) values {
		m := make(values)
		for i := range n {
			m[fmt.Sprint("a", i)] = roostv1.Int(0)
		}
		return m
	}
	const about = "command run for pump-1: "
	tests := []struct {
		name    string
		command *roostv1.Command
		want    string
	}{
		{"full", fullCommand(), ""},
		{"least", &roostv1.Command{DeviceId: "d", Name: "set"}, ""},
		{"64 arguments", with(func(c *roostv1.Command) { c.Arguments = many(64) }), ""},
		{"nil", nil, "no command"},
		{"empty", &roostv1.Command{}, `command "" for "": device_id: device id is empty; name: command name is empty`},
		{"id", with(func(c *roostv1.Command) { c.Id = "a.b" }), about + `id: command id "a.b": character '.' at position 2 is not one of A-Z a-z 0-9 _ -`},
		{"device id", with(func(c *roostv1.Command) { c.DeviceId = "*" }), `command run for *: device_id: device id "*": character '*' at position 1 is not one of A-Z a-z 0-9 _ -`},
		{"name", with(func(c *roostv1.Command) { c.Name = "1st" }), `command 1st for pump-1: name: command name "1st" does not begin with a letter A-Z a-z`},
		{"parent id", with(func(c *roostv1.Command) { c.ParentId = ">" }), about + `parent_id: parent id ">": character '>' at position 1 is not one of A-Z a-z 0-9 _ -`},
		{"argument name", with(func(c *roostv1.Command) { c.Arguments["a b"] = roostv1.Int(1) }), about + `arguments["a b"]: argument name "a b": character ' ' at position 2 is not one of A-Z a-z 0-9 _ . -`},
		{"argument without value", with(func(c *roostv1.Command) { c.Arguments["rpm"] = &roostv1.Value{} }), about + `arguments["rpm"]: it has no value`},
		{"argument nil", with(func(c *roostv1.Command) { c.Arguments["rpm"] = nil }), about + `arguments["rpm"]: it has no value`},
		{"argument NaN", with(func(c *roostv1.Command) { c.Arguments["rpm"] = roostv1.Double(math.NaN()) }), about + `arguments["rpm"]: NaN is not a finite number`},
		{"65 arguments", with(func(c *roostv1.Command) { c.Arguments = many(65) }), about + `arguments: there are 65, at most 64 are accepted`},
		{"size", with(func(c *roostv1.Command) { c.Arguments["a"] = roostv1.Bytes(make([]byte, 65_536)) }), about + `65672 bytes, at most 65536 are accepted`},
		{"expired", with(func(c *roostv1.Command) { c.ExpiresIn = durationpb.New(0) }), about + `expires_in: 0 is not a length of time; leave the field out for its default; not_before: 1s is not before expires_in 0s`},
		{"negative", with(func(c *roostv1.Command) { c.NotBefore = durationpb.New(-1) }), about + `not_before: -1ns is negative`},
		{"never", with(func(c *roostv1.Command) { c.NotBefore = c.ExpiresIn }), about + `not_before: 1m0s is not before expires_in 1m0s`},
		{"absurd", with(func(c *roostv1.Command) { c.ExpiresIn = durationpb.New(31 * 24 * time.Hour) }), about + `expires_in: 744h0m0s is longer than 720h0m0s`},
		{"no duration", with(func(c *roostv1.Command) { c.Timeout = &durationpb.Duration{Seconds: 1, Nanos: -1} }), about + `timeout: 1 s and -1 ns is not a duration`},
		{"priority", with(func(c *roostv1.Command) { c.Priority = 9 }), about + `priority: 9 is not known`},
		{"confirmation", with(func(c *roostv1.Command) { c.Confirmation = -1 }), about + `confirmation: -1 is not known`},
		{"precondition", with(func(c *roostv1.Command) { c.Precondition = &roostv1.Precondition{} }), about + `precondition.resource: resource name is empty; precondition.equals: it has no value`},
		{"sender", with(func(c *roostv1.Command) { c.Sender = "a\nb" }), about + `sender: control character '\n' is not allowed`},
		{"reason", with(func(c *roostv1.Command) { c.Reason = "\x1b[2J" }), about + `reason: control character '\x1b' is not allowed`},
		{"all", &roostv1.Command{Id: "?", Name: "?", DeviceId: "?", Priority: 9, Sender: "\x00"}, `command ? for ?: ` +
			`id: command id "?": character '?' at position 1 is not one of A-Z a-z 0-9 _ -; ` +
			`device_id: device id "?": character '?' at position 1 is not one of A-Z a-z 0-9 _ -; ` +
			`name: command name "?" does not begin with a letter A-Z a-z; and 2 more`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkRefusal(t, roostv1.ValidateCommand(test.command), test.want)
		})
	}
}

func TestValidateCommandNamesWhatCannotBePrinted(t *testing.T) {
	err := roostv1.ValidateCommand(&roostv1.Command{Name: "\xff\x1b", DeviceId: strings.Repeat("x", 100_000)})
	if err == nil {
		t.Fatal("no error")
	}
	checkText(t, err)
}
