package argument

import (
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Parse reads arguments for a command of devices with that profile, which may be nil. The
// error is ErrInvalid: something is not name=value, or a name is there twice.
func Parse(profile *roostv1.Profile, command string, words []string) (map[string]*roostv1.Value, error) {
	if len(words) == 0 {
		return nil, nil
	}
	values := make(map[string]*roostv1.Value, len(words))
	for _, word := range words {
		name, text, ok := strings.Cut(word, "=")
		switch {
		case !ok:
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "argument %.80q is not name=value", word)
		case roostv1.CheckName("argument name", name) != nil:
			return nil, roostv1.CheckName("argument name", name)
		case values[name] != nil:
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "argument %s is there twice", name)
		}
		values[name] = value(typeOf(profile, command, name), text)
	}
	return values, nil
}

// value reads a text as a value of a type, or leaves it a text.
func value(t roostv1.ValueType, s string) *roostv1.Value {
	v, err := roostv1.ParseValue(t, s)
	if err != nil {
		return roostv1.Text(s)
	}
	return v
}

// typeOf returns the type of an argument, UNSPECIFIED for one that there is not.
func typeOf(profile *roostv1.Profile, command, name string) roostv1.ValueType {
	for _, a := range arguments(profile, command) {
		if a.Name == name {
			return a.Type
		}
	}
	return roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
}

// arguments returns what a command takes; those of "set" are the resources that it can write.
func arguments(profile *roostv1.Profile, command string) []*roostv1.Argument {
	if command != roostv1.CommandSet {
		return profile.Command(command).GetArguments()
	}
	var all []*roostv1.Argument
	for _, r := range profile.GetResources() {
		if r.Writable() {
			all = append(all, &roostv1.Argument{Name: r.Name, Description: r.Description, Type: r.Type, Options: r.Options})
		}
	}
	return all
}
