package opcua_test

import (
	"errors"
	"testing"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// methods: commands without steps are methods of the server.
func (p *peer) methods(t *testing.T) {
	d := p.device("object.add=ns=2;s=Plant method.add=ns=2;s=Plant.Add object.start=ns=2;s=Plant method.start=nsu=urn:roost:plant;s=Plant.Start " +
		"object.none=ns=2;s=Plant method.none=ns=2;s=Plant.None")
	d.Profile.Commands = []*roostv1.CommandSpec{
		{Name: "add", Arguments: []*roostv1.Argument{{Name: "a", Type: isInt}, {Name: "b", Type: isDouble}}}, {Name: "start"}, {Name: "none"},
	}
	s := open(t, d)
	command := func(name string, arguments map[string]*roostv1.Value) (map[string]*roostv1.Value, error) {
		return act(t, s, actors.Action{CommandID: "c", Command: name, Arguments: arguments})
	}
	got, err := command("add", map[string]*roostv1.Value{"a": roostv1.Int(40), "b": roostv1.Double(2.5)})
	if err != nil || got["sum"].Format() != "42.5" {
		t.Errorf("add: %v, %v", got, err)
	}
	if _, err := command("start", nil); err == nil || errors.Is(err, actors.ErrRefused) || errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a method whose device failed: %v, want one of which nothing is known", err)
	}
	for name, arguments := range map[string]map[string]*roostv1.Value{
		"add": {"a": roostv1.Int(1)}, "start": {"a": roostv1.Int(1)}, "none": nil, "other": nil,
	} {
		if _, err := command(name, arguments); !errors.Is(err, actors.ErrNotSent) && !errors.Is(err, actors.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
