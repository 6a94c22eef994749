package mqtt

import (
	"context"
	"fmt"
	"strings"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command is one of the profile's that is published as a whole.
type command struct {
	spec     *roostv1.CommandSpec
	template *payload.Template
	order    outgoing
	answers  *answers // nil: the device does not answer
}

// parseCommands reads from a device's address how it is told the commands of its profile that have no steps.
func parseCommands(k *keys.Keys, p *roostv1.Profile, at address) (map[string]*command, roostv1.Problems) {
	commands := make(map[string]*command)
	var problems roostv1.Problems
	for i, c := range p.GetCommands() {
		prefix := "command." + c.GetName() + "."
		parts := []string{"topic", "payload", "qos", "retain", "response", "refused"}
		switch {
		case len(c.GetSteps()) > 0:
			for _, part := range parts {
				k.Unwanted(prefix+part, "command %q has steps, which write resources", c.GetName())
			}
		case !k.Has(prefix + "topic"):
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and the device's address does not say where it is published: %stopic", c.GetName(), prefix),
			})
			for _, part := range parts {
				k.Know(prefix + part)
			}
		default:
			commands[c.GetName()] = parseCommand(k, prefix, c, at)
		}
	}
	return commands, problems
}

func parseCommand(k *keys.Keys, prefix string, spec *roostv1.CommandSpec, at address) *command {
	c := &command{spec: spec, template: payload.ParseCommand(k, prefix+"payload", spec)}
	c.order = parseOutgoing(k, prefix, k.Text(prefix+"topic", ""), at)
	response := parseTopic(k, prefix+"response", k.Text(prefix+"response", ""), at.places, checkTopic)
	if response != "" {
		c.answers = &answers{topic: response, refused: k.Text(prefix+"refused", ""), came: make(chan []byte, 1)}
	} else {
		k.Unwanted(prefix+"refused", "is a response of the device, and there is no topic for one")
	}
	return c
}

// answers takes what a device says to a command.
type answers struct {
	topic   string
	refused string
	came    chan []byte // the last one; one at a time is waited for
}

// take keeps an answer, unless it is of a time when nothing was asked.
func (a *answers) take(m *message) {
	if m.retained || m.tooLong {
		return
	}
	select {
	case <-a.came:
	default:
	}
	select {
	case a.came <- m.payload:
	default:
	}
}

// forget drops what came before a command.
func (a *answers) forget() {
	select {
	case <-a.came:
	default:
	}
}

// wait returns the device's answer.
func (a *answers) wait(ctx context.Context, l *link) (map[string]*roostv1.Value, error) {
	select {
	case text := <-a.came:
		if a.refused != "" && strings.TrimSpace(string(text)) == a.refused {
			return nil, fmt.Errorf("%w: it answered %q", actors.ErrRefused, a.refused)
		}
		return map[string]*roostv1.Value{"response": roostv1.Text(strings.ToValidUTF8(string(text), "\uFFFD"))}, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("the broker has the command, and no answer came at %s: %w", a.topic, context.Cause(ctx))
	case <-l.lost:
		return nil, fmt.Errorf("the broker has the command, and no answer came at %s: %w", a.topic, l.err)
	}
}

// perform publishes the command.
func (c *command) perform(ctx context.Context, l *link, arguments map[string]*roostv1.Value) (map[string]*roostv1.Value, error) {
	order := c.order
	var err error
	if order.payload, err = c.template.Fill(arguments); err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	if c.answers == nil {
		return nil, l.publish(ctx, order)
	}
	c.answers.forget()
	if err := l.publish(ctx, order); err != nil {
		return nil, err
	}
	return c.answers.wait(ctx, l)
}
