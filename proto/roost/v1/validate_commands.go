package roostv1

func validateCommands(at place, commands []*CommandSpec, resources map[string]*Resource) {
	firsts := make(map[string]string, len(commands))
	for i, c := range commands {
		at := at.entry("commands", i, "command", c.GetName())
		if c == nil {
			at.report("", "it is empty")
			continue
		}
		at.bare().failed("name", CheckName("command name", c.Name))
		at.once(firsts, "name", c.Name)
		if c.Name == CommandSet {
			at.report("name", "the name is reserved: every profile has it, to write resources")
		}
		validateCommandSpec(at, c, resources)
	}
}

func validateCommandSpec(at place, c *CommandSpec, resources map[string]*Resource) {
	at.text("description", c.Description)
	arguments := validateArguments(at, c.Arguments)
	for i, s := range c.Steps {
		validateStep(at, index("steps", i), s, arguments, resources)
	}
	at.enum("write_kind", c.WriteKind)
	at.span("timeout", c.Timeout, MinInterval, MaxTimeout)
	at.enum("confirmation", c.Confirmation)
	if c.Confirmation == Confirmation_CONFIRMATION_READBACK {
		at.confirmable(c.Steps, resources)
	}
}

func validateArguments(at place, arguments []*Argument) map[string]*Argument {
	byName := make(map[string]*Argument, len(arguments))
	firsts := make(map[string]string, len(arguments))
	for i, a := range arguments {
		at := at.entry("arguments", i, "argument", a.GetName())
		if a == nil {
			at.report("", "it is empty")
			continue
		}
		at.bare().failed("name", CheckName("argument name", a.Name))
		if at.once(firsts, "name", a.Name) {
			byName[a.Name] = a
		}
		at.text("description", a.Description)
		at.valueType(a.Type)
		at.unit(a.Unit)
		at.limits(a.bounds())
		if a.Default != nil {
			at.value("default", a.Default, a.bounds())
		}
	}
	return byName
}

// value checks a constant against the bounds of where it goes.
func (at place) value(field string, v *Value, b bounds) {
	if typed(b.kind) {
		_, err := b.admit(v)
		at.failed(field, err)
	}
}

func validateStep(at place, field string, s *Step, arguments map[string]*Argument, resources map[string]*Resource) {
	r := resources[s.GetResource()]
	switch {
	case s.GetResource() == "":
		at.report(join(field, "resource"), "the step names no resource")
	case r == nil:
		at.report(join(field, "resource"), "there is no resource %s", shown(s.GetResource()))
	case !r.Writable():
		at.report(join(field, "resource"), "%s cannot be written", shown(r.Name))
	}
	switch source := s.GetSource().(type) {
	case *Step_Argument:
		a := arguments[source.Argument]
		switch {
		case a == nil:
			at.report(join(field, "argument"), "there is no argument %s", shown(source.Argument))
		case r != nil && !interchangeable(a.Type, r.Type):
			at.report(join(field, "argument"), "%s is %s, but %s is %s", shown(a.Name), a.Type.noun(), shown(r.Name), r.Type.noun())
		}
	case *Step_Value:
		if r != nil {
			at.value(join(field, "value"), source.Value, r.bounds())
		}
	default:
		at.report(field, "the step has no source: name an argument or give a value")
	}
}

// confirmable refuses a wish that every execution would be refused for.
func (at place) confirmable(steps []*Step, resources map[string]*Resource) {
	if len(steps) == 0 {
		at.report("confirmation", "READBACK needs steps: nothing is known to read back from a command that the driver takes as a whole")
	}
	for _, s := range steps {
		r := resources[s.GetResource()]
		if r != nil && r.Readback == "" && !r.Readable() {
			at.report("confirmation", "READBACK, but %s cannot be read and names no readback", shown(r.Name))
		}
	}
}
