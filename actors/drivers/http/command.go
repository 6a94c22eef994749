package httpdev

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command is what the address says of a command.
type command struct {
	request
	template *payload.Template // of the body; nil: there is none
}

// parseCommands reads what an address says of a profile's commands without steps. The problems are those of the profile; those of the
// address are with its keys.
func parseCommands(at *address, k *keys.Keys, p *roostv1.Profile) (map[string]*command, roostv1.Problems) {
	commands := map[string]*command{}
	var problems roostv1.Problems
	k.Know(commandPrefix + "NAME.path")
	for i, c := range p.GetCommands() {
		prefix := commandPrefix + c.GetName() + "."
		switch {
		case len(c.GetSteps()) > 0:
		case !k.Has(prefix + "path"):
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and the address does not say %spath", c.GetName(), prefix),
			})
		default:
			commands[c.GetName()] = parseCommand(at, k, prefix, c)
		}
	}
	return commands, problems
}

func parseCommand(at *address, k *keys.Keys, prefix string, spec *roostv1.CommandSpec) *command {
	pathKey, methodKey, bodyKey, typeKey := prefix+"path", prefix+"method", prefix+"payload", prefix+"content_type"
	c := &command{request: request{
		method: k.Word(methodKey, http.MethodPost, methods...), path: k.Text(pathKey, ""), base: at.base,
	}}
	var names, listed []string
	for _, a := range spec.GetArguments() {
		names = append(names, a.GetName())
		listed = append(listed, "{"+a.GetName()+"}")
	}
	has := fmt.Sprintf("command %q has %s", spec.GetName(), strings.Join(append(listed, "no more"), ", "))
	c.parsePath(k, pathKey, names, has)
	c.inPath = len(spec.GetArguments()) == len(placesIn(c.path)) && !k.Has(bodyKey) // and there is nothing left for a body
	if c.inPath {
		k.Unwanted(typeKey, "there is no body")
		return c
	}
	if c.method == http.MethodGet {
		k.Wrong(methodKey, "a GET has no body: all arguments must be in the path, and no payload be given")
	}
	c.template = payload.ParseCommand(k, bodyKey, rest(spec, k.Has(bodyKey), placesIn(c.path)))
	template, given := k.Get(bodyKey)
	if !given {
		template = "{"
	}
	c.parseType(k, typeKey, template)
	return c
}

// rest returns the command with the arguments that its body may name: all where a template says, else those that are not in the path.
func rest(spec *roostv1.CommandSpec, all bool, inPath []string) *roostv1.CommandSpec {
	if all {
		return spec
	}
	left := &roostv1.CommandSpec{Name: spec.GetName()}
	named := strings.Join(inPath, " ")
	for _, a := range spec.GetArguments() {
		if !strings.Contains(" "+named+" ", " "+a.GetName()+" ") {
			left.Arguments = append(left.Arguments, a)
		}
	}
	return left
}
