package main

import (
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/nodes/argument"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// author says who wants something, and why.
type author struct {
	sender string
	reason string
}

func (a *author) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.reason, "reason", "", "`TEXT` that says why, for the record")
	cmd.Flags().StringVar(&a.sender, "sender", "", "`NAME` of who wants it, for the record (default: user@host)")
}

// name is who wants it; as much as is known of this user where nobody said.
func (a *author) name() string {
	if a.sender != "" {
		return a.sender
	}
	name, host := "", ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ = os.Hostname()
	return console.Cut(console.Clean(name+"@"+host), 100)
}

// sendFlags are what a command can say besides its name and arguments.
type sendFlags struct {
	author
	id, condition, priority, confirm string
	expires, notBefore, execution    time.Duration
	queue, supersede                 bool
}

func (s *sendFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&s.expires, "expires", 0, "not sent any more after so long (default: what the device says, 30s)")
	f.DurationVar(&s.notBefore, "not-before", 0, "not sent before so long from now")
	f.DurationVar(&s.execution, "execution-timeout", 0, "how long the device may take (default: what the device says)")
	f.StringVar(&s.id, "id", "", "`ID` of the command, to repeat it safely (default: a new one)")
	f.BoolVar(&s.queue, "queue", false, "wait for a device that is away, until the command expires")
	f.BoolVar(&s.supersede, "supersede", false, "take the place of those of the same name that still wait")
	f.StringVar(&s.condition, "if", "", "only if a resource was last reported to be so: `RESOURCE=VALUE`")
	f.StringVar(&s.confirm, "confirm", "", "how success is to be known, at least; `WORD`: ack, readback or reported")
	f.StringVar(&s.priority, "priority", "normal", "`WORD`: normal, or high to go before what waits")
	s.author.flags(cmd)
	// The flags are there.
	_ = cmd.RegisterFlagCompletionFunc("priority", cobra.FixedCompletions([]string{"normal", "high"}, noFiles))
	_ = cmd.RegisterFlagCompletionFunc("confirm", cobra.FixedCompletions([]string{"ack", "readback", "reported"}, noFiles))
}

// command makes the command of a command line, for no device yet, and with nothing that needs a profile.
func (s *sendFlags) command(name string, arguments []string) (*roostv1.Command, error) {
	c := &roostv1.Command{
		Id: s.id, Name: name, QueueWhileAway: s.queue, Supersede: s.supersede, Reason: s.reason, Sender: s.name(),
		ExpiresIn: span(s.expires), NotBefore: span(s.notBefore), Timeout: span(s.execution),
	}
	var err error
	if c.Priority, err = readPriority(s.priority); err != nil {
		return nil, err
	}
	if c.Confirmation, err = readConfirmation(s.confirm); err != nil {
		return nil, err
	}
	if s.id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id for the command: %w", err)
		}
		c.Id = id.String()
	}
	return c, s.complete(nil, c, arguments) // only whether they can be read at all
}

// complete adds what is read by the profile of the device, which may be nil.
func (s *sendFlags) complete(profile *roostv1.Profile, c *roostv1.Command, arguments []string) (err error) {
	if c.Arguments, err = argument.Parse(profile, c.Name, arguments); err != nil {
		return err
	}
	if s.condition != "" {
		c.Precondition, err = argument.Condition(profile, s.condition)
	}
	return err
}

// span is a duration as a command says it; 0 is none.
func span(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func readPriority(word string) (roostv1.Priority, error) {
	switch word {
	case "normal":
		return roostv1.Priority_PRIORITY_NORMAL, nil
	case "high":
		return roostv1.Priority_PRIORITY_HIGH, nil
	default:
		return 0, fmt.Errorf("--priority %.20q is neither normal nor high", word)
	}
}

func readConfirmation(word string) (roostv1.Confirmation, error) {
	switch word {
	case "":
		return roostv1.Confirmation_CONFIRMATION_UNSPECIFIED, nil
	case "ack":
		return roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK, nil
	case "readback":
		return roostv1.Confirmation_CONFIRMATION_READBACK, nil
	case "reported":
		return roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED, nil
	default:
		return 0, fmt.Errorf("--confirm %.20q is neither ack nor readback nor reported", word)
	}
}
