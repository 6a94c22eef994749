package mqtt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/answer"
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
	metric   string   // of Sparkplug, which has neither of order, template and answers
}

// parseCommands reads from a device's address how it is told the commands of its profile that have no steps.
func parseCommands(k *keys.Keys, p *roostv1.Profile, at address) (map[string]*command, roostv1.Problems) {
	if at.edge != nil {
		return parseMetricCommands(k, p)
	}
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
	response := at.places.Parse(k, prefix+"response", k.Text(prefix+"response", ""), rules.Topic)
	if response != "" {
		c.answers = &answers{topic: response, refused: k.Text(prefix+"refused", "")}
	} else {
		k.Unwanted(prefix+"refused", "is a response of the device, and there is no topic for one")
	}
	return c
}

// answers takes what a device says to a command.
type answers struct {
	topic   string
	refused string
	desk    *answer.Desk // of the topic; set when a session begins
}

// desk is a connection's topic: all who wait for an answer there have the same one.
type desk struct {
	broker brokerAddress
	topic  string
}

// take hears an answer, once for all that have the same desk.
func (a *answers) take(m *message) {
	if m.retained || m.tooLong || slices.Contains(m.desks, a.desk) {
		return
	}
	m.desks = append(m.desks, a.desk)
	a.desk.Take(string(m.payload), "")
}

// wait returns the device's answer.
func (a *answers) wait(ctx context.Context, l *link, q *answer.Question) (map[string]*roostv1.Value, error) {
	select {
	case came := <-q.Came():
		return came.Results(a.refused)
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
	q := c.answers.desk.Ask()
	err = l.publish(ctx, order)
	defer q.End(!errors.Is(err, actors.ErrNotSent))
	if err != nil {
		return nil, err
	}
	return c.answers.wait(ctx, l, q)
}
