package roostv1

import (
	"maps"
	"slices"
)

// Bounds of a command.
const (
	// MaxCommand is its size in bytes, as protobuf.
	MaxCommand = 64 << 10
	// MaxArguments is how many arguments it can have.
	MaxArguments = 64
)

// ValidateCommand checks what can be said of a command without its device's
// profile: ids, names, durations, sizes, and that every value is one. An empty id is
// left for the receiver to fill in. The error is a *Status with ErrInvalid that
// names the command and the first few of its problems.
func ValidateCommand(c *Command) error {
	if c == nil {
		return Errorf(ErrInvalid, "no command")
	}
	var problems Problems
	validateCommand(place{problems: &problems}, c)
	if err := problems.Err(); err != nil {
		return Errorf(ErrInvalid, "command %s for %s: %s", shown(c.Name), shown(c.DeviceId), err.Error())
	}
	return nil
}

func validateCommand(at place, c *Command) {
	at.size(c, MaxCommand)
	if c.Id != "" {
		at.failed("id", CheckID("command id", c.Id))
	}
	at.failed("device_id", CheckID("device id", c.DeviceId))
	at.failed("name", CheckName("command name", c.Name))
	at.arguments(c.Arguments)
	at.span("expires_in", c.ExpiresIn, 1, MaxInterval)
	at.span("not_before", c.NotBefore, 0, MaxInterval)
	if c.ExpiresIn.IsValid() && c.NotBefore.AsDuration() >= c.ExpiresIn.AsDuration() {
		at.report("not_before", "%v is not before expires_in %v", c.NotBefore.AsDuration(), c.ExpiresIn.AsDuration())
	}
	at.span("timeout", c.Timeout, 1, MaxTimeout)
	at.enum("priority", c.Priority)
	at.precondition(c.Precondition)
	at.enum("confirmation", c.Confirmation)
	at.line("sender", c.Sender)
	at.text("reason", c.Reason)
	if c.ParentId != "" {
		at.failed("parent_id", CheckID("parent id", c.ParentId))
	}
}

func (at place) arguments(arguments map[string]*Value) {
	if n := len(arguments); n > MaxArguments {
		at.report("arguments", "there are %d, at most %d are accepted", n, MaxArguments)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		field := key("arguments", name)
		at.failed(field, CheckName("argument name", name))
		at.sound(field, arguments[name])
	}
}

func (at place) precondition(p *Precondition) {
	if p == nil {
		return
	}
	at.failed("precondition.resource", CheckName("resource name", p.Resource))
	at.sound("precondition.equals", p.Equals)
}

// sound checks a value whose type nobody knows yet.
func (at place) sound(field string, v *Value) {
	switch flaw := inspect(v); flaw {
	case flawNone:
	case flawMissing:
		at.report(field, "it has no value")
	default:
		at.report(field, "%s", flaw.describe(v, v.Type()))
	}
}
