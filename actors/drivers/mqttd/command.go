package mqttd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command is one of the profile's that is published as a whole.
type command struct {
	topic    string
	template *payload.Template
	response string      // the topic of the device's answer; empty: its acknowledgement has to do
	refused  string      // an answer that is no; empty: none is
	came     chan string // the last answer; one at a time is waited for
}

// The parts of a command in the address. The last two are for the mqtt driver, and mean nothing here.
var commandParts = []string{"topic", "payload", "response", "refused", "qos", "retain"}

// parseCommands reads from the address how the device is told the commands that have no steps.
func (m *model) parseCommands(k *keys.Keys, p *roostv1.Profile) roostv1.Problems {
	var problems roostv1.Problems
	for i, c := range p.GetCommands() {
		prefix := "command." + c.GetName() + "."
		for _, part := range commandParts {
			k.Know(prefix + part)
			if len(c.GetSteps()) > 0 {
				k.Unwanted(prefix+part, "command %q has steps, which write resources", c.GetName())
			}
		}
		switch {
		case len(c.GetSteps()) > 0:
		case !k.Has(prefix + "topic"):
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and the device's address does not say where it is published: %stopic", c.GetName(), prefix),
			})
		default:
			m.commands[c.GetName()] = parseCommand(k, prefix, c, m.at.places)
		}
	}
	return problems
}

func parseCommand(k *keys.Keys, prefix string, spec *roostv1.CommandSpec, p places) *command {
	c := &command{
		topic:    parseTopic(k, prefix+"topic", k.Text(prefix+"topic", ""), p, checkTopic),
		template: payload.ParseCommand(k, prefix+"payload", spec),
		response: parseTopic(k, prefix+"response", k.Text(prefix+"response", ""), p, checkTopic),
		refused:  k.Text(prefix+"refused", ""),
		came:     make(chan string, 1),
	}
	if !k.Has(prefix + "response") {
		k.Unwanted(prefix+"refused", "is a response of the device, and there is no topic for one")
	}
	return c
}

// forget drops an answer that came before it was asked for.
func (c *command) forget() {
	select {
	case <-c.came:
	default:
	}
}

// answered keeps an answer, in the place of an earlier one.
func (c *command) answered(text string) {
	c.forget()
	select {
	case c.came <- text:
	default:
	}
}

// perform publishes the command, and waits for the device's answer if it has one. Such a device need not acknowledge the message.
func (c *command) perform(ctx context.Context, k *link, text []byte) (map[string]*roostv1.Value, error) {
	c.forget()
	err := k.publish(ctx, c.topic, text)
	if c.response == "" || err != nil && !errors.Is(err, errNoAcknowledgement) {
		return nil, err
	}
	select {
	case answer := <-c.came:
		if c.refused != "" && strings.TrimSpace(answer) == c.refused {
			return nil, fmt.Errorf("%w: it answered %q", actors.ErrRefused, c.refused)
		}
		return map[string]*roostv1.Value{"response": roostv1.Text(strings.ToValidUTF8(answer, "\uFFFD"))}, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("it was sent, and no answer came at %s: %w", c.response, context.Cause(ctx))
	case <-k.conn.ctx.Done():
		return nil, fmt.Errorf("it was sent, and no answer came at %s: the connection ended: %w", c.response, context.Cause(k.conn.ctx))
	}
}
