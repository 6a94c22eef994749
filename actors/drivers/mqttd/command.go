package mqttd

import (
	"context"
	"errors"
	"fmt"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/answer"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command is one of the profile's that is published as a whole.
type command struct {
	topic    string
	template *payload.Template
	response string       // the topic of the device's answer; empty: its acknowledgement has to do
	refused  string       // an answer that is no; empty: none is
	desk     *answer.Desk // of response; set when a session begins
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

func parseCommand(k *keys.Keys, prefix string, spec *roostv1.CommandSpec, p topics.Places) *command {
	c := &command{
		topic:    p.Parse(k, prefix+"topic", k.Text(prefix+"topic", ""), rules.Topic),
		template: payload.ParseCommand(k, prefix+"payload", spec),
		response: p.Parse(k, prefix+"response", k.Text(prefix+"response", ""), rules.Topic),
		refused:  k.Text(prefix+"refused", ""),
	}
	if !k.Has(prefix + "response") {
		k.Unwanted(prefix+"refused", "is a response of the device, and there is no topic for one")
	}
	return c
}

// perform publishes the command, and waits for the device's answer if it has one. Such a device need not acknowledge the message.
func (c *command) perform(ctx context.Context, k *link, text []byte) (map[string]*roostv1.Value, error) {
	if c.response == "" {
		return nil, k.publish(ctx, c.topic, text, packets.Properties{})
	}
	q := c.desk.Ask()
	err := k.publish(ctx, c.topic, text, packets.Properties{ResponseTopic: c.response, CorrelationData: []byte(q.ID)})
	defer q.End(!errors.Is(err, actors.ErrNotSent))
	if err != nil && !errors.Is(err, errNoAcknowledgement) {
		return nil, err
	}
	select {
	case came := <-q.Came():
		return came.Results(c.refused)
	case <-ctx.Done():
		return nil, fmt.Errorf("it was sent, and no answer came at %s: %w", c.response, context.Cause(ctx))
	case <-k.conn.ctx.Done():
		return nil, fmt.Errorf("it was sent, and no answer came at %s: the connection ended: %w", c.response, context.Cause(k.conn.ctx))
	}
}

// desk is a device's topic for answers: its commands that are answered there have the same one.
type desk struct {
	listen        listenAddress
	client, topic string
}

// openDesks lets the device's commands have their answers, and closeDesks ends that.
func (s *session) openDesks() {
	for _, c := range s.commands {
		if c.response != "" {
			c.desk = s.driver.desks.Join(desk{s.at.listen, s.at.client, c.response})
		}
	}
}

func (s *session) closeDesks() {
	for _, c := range s.commands {
		if c.desk != nil {
			s.driver.desks.Leave(c.desk)
		}
	}
}

// hear takes a message that may be an answer to a command, with the ID that one of MQTT 5 may have.
func (s *session) hear(pk packets.Packet) {
	for _, c := range s.commands {
		if c.desk != nil && c.response == pk.TopicName {
			c.desk.Take(string(pk.Payload), string(pk.Properties.CorrelationData))
			return // other commands have the same desk
		}
	}
}
