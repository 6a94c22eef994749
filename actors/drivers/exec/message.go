package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// version of the protocol that the gateway speaks.
const version = 1

// What a program is asked.
const (
	opOpen    = "open"
	opPoll    = "poll"
	opWrite   = "write"
	opCommand = "command"
)

// A question is a line to the program. The order of its fields is part of the protocol.
type question interface{ top() *head }

// head is how every question begins.
type head struct {
	Op    string `json:"op"`
	ID    uint64 `json:"id"`
	Ms    int64  `json:"ms"`    // that are left
	Until int64  `json:"until"` // in milliseconds since 1970
}

func (h *head) top() *head { return h }

type openQuestion struct {
	head
	Version   int               `json:"version"`
	Device    string            `json:"device"`
	Settings  map[string]string `json:"settings,omitempty"`
	Secrets   map[string]string `json:"secrets,omitempty"`
	Resources []resource        `json:"resources"`
	Commands  []command         `json:"commands,omitempty"`
}

type pollQuestion struct {
	head
	Resources []string `json:"resources"`
}

type writeQuestion struct {
	head
	Resource  string `json:"resource"`
	Value     any    `json:"value"`
	CommandID string `json:"command_id"`
	Epoch     uint64 `json:"epoch"`
}

type commandQuestion struct {
	head
	Command   string         `json:"command"`
	Arguments map[string]any `json:"arguments"`
	CommandID string         `json:"command_id"`
	Epoch     uint64         `json:"epoch"`
}

type resource struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Unit     string            `json:"unit"`
	Access   string            `json:"access"`
	Protocol map[string]string `json:"protocol,omitempty"`
}

type command struct {
	Name      string     `json:"name"`
	Arguments []argument `json:"arguments"`
}

type argument struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Unit string `json:"unit"`
}

// describe returns what a program is told of a device's profile. Commands that are made of writes are no concern of it.
func describe(p *roostv1.Profile) (resources []resource, commands []command) {
	resources = []resource{}
	for _, r := range p.GetResources() {
		resources = append(resources, resource{
			Name: r.GetName(), Type: lower(r.GetType().Word()), Unit: r.GetUnit(), Access: lower(r.GetAccess().Word()), Protocol: r.GetProtocol(),
		})
	}
	for _, c := range p.GetCommands() {
		if len(c.GetSteps()) > 0 {
			continue
		}
		told := command{Name: c.GetName(), Arguments: []argument{}}
		for _, a := range c.GetArguments() {
			told.Arguments = append(told.Arguments, argument{Name: a.GetName(), Type: lower(a.GetType().Word()), Unit: a.GetUnit()})
		}
		commands = append(commands, told)
	}
	return resources, commands
}

func lower(word string) string { return strings.ToLower(word) }

// answer is a line of the program.
type answer struct {
	ID      *uint64             `json:"id"`
	OK      bool                `json:"ok"`
	Values  map[string]rawValue `json:"values"`
	Refused *string             `json:"refused"`
	NotSent *string             `json:"not_sent"`
	Error   *string             `json:"error"`
	Polls   *bool               `json:"polls"`
	Pushes  bool                `json:"pushes"`
	Push    map[string]rawValue `json:"push"`

	line []byte // that it was
}

// parseAnswer reads a line. The error says what is wrong with it.
func parseAnswer(line []byte) (*answer, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("it is not UTF-8")
	}
	if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, errors.New("it is no JSON object")
	}
	a := &answer{line: line}
	if err := decode(line, a); err != nil {
		return nil, err
	}
	return a, a.check()
}

// decode reads one JSON value and nothing else, with no keys that are not known.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it breaks off")
		}
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something comes after the object")
	}
	return nil
}

// check tells whether the answer says exactly one thing.
func (a *answer) check() error {
	outcomes := 0
	for _, says := range []bool{a.OK || a.Values != nil, a.Refused != nil, a.NotSent != nil, a.Error != nil} {
		if says {
			outcomes++
		}
	}
	switch {
	case a.Push != nil && (a.ID != nil || outcomes > 0):
		return errors.New("it is an answer and a push")
	case a.Push != nil:
		return nil
	case a.ID == nil:
		return errors.New(`it has neither "id" nor "push"`)
	case outcomes != 1:
		return fmt.Errorf(`it says %d of "ok":true, "refused", "not_sent" and "error", and has to say one`, outcomes)
	}
	return nil
}

// rawValue is the text of one JSON value, without spaces around it.
type rawValue = json.RawMessage
