package console_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHostileCommand: whatever a stranger has put into a record of a command, no control character of it
// reaches the terminal.
func TestHostileCommand(t *testing.T) {
	const evil = "a\x1b[2J\r\nb\x07"
	at, status := timestamppb.New(time.Unix(0, 0)), &roostv1.Status{Code: roostv1.ErrRefused, Message: evil}
	values := map[string]*roostv1.Value{evil: roostv1.Text(evil)}
	r := &roostv1.CommandRecord{
		CommandId: evil, DeviceId: evil, State: failed, Status: status, Gateway: evil, AcceptedAt: at, DispatchedAt: at, FinishedAt: at,
		Command: &roostv1.Command{
			Id: evil, DeviceId: evil, Name: evil, Arguments: values, Sender: evil, Reason: evil, ParentId: evil,
			Precondition: &roostv1.Precondition{Resource: evil, Equals: roostv1.Text(evil)},
		},
		Steps: []*roostv1.StepResult{
			{Resource: evil, Value: roostv1.Text(evil), State: failed, Status: status, Readback: roostv1.Text(evil)}, {Resource: evil, Value: roostv1.Text(evil)},
		},
		Results:     values,
		Evidence:    []*roostv1.Evidence{{At: at, Gateway: evil, Text: evil, Value: roostv1.Text(evil)}},
		Transitions: []*roostv1.CommandTransition{{State: failed, At: at, Gateway: evil, Status: status}},
	}
	desired := &roostv1.Desired{Revision: 1, Values: values, Sender: evil, Reason: evil}
	var out bytes.Buffer
	screen := console.Screen{Writer: &out}
	var tally console.Tally
	tally.Add(r)
	for what, show := range map[string]func() error{
		"record":   func() error { return console.Record(screen, r) },
		"command":  func() error { return console.Command(screen, r, time.UTC) },
		"commands": func() error { return console.Commands([]*roostv1.CommandRecord{r}, time.Now(), 0).Write(screen) },
		"tally":    func() error { return tally.Write(screen) },
		"line":     func() error { _, err := fmt.Fprintln(screen, console.FleetLine(r, false)); return err },
		"steps": func() error {
			_, err := fmt.Fprintln(screen, strings.Join(console.Steps(screen, r, 0, 0, "15:04"), "\n"))
			return err
		},
		"desired": func() error { _, err := fmt.Fprintln(screen, console.Desired(desired)); return err },
		"device": func() error {
			return console.Device(screen, cluster.DeviceView{Status: &roostv1.DeviceStatus{}}, desired, time.Now())
		},
	} {
		out.Reset()
		if err := show(); err != nil || strings.ContainsAny(out.String(), "\x1b\r\x07") || !strings.Contains(out.String(), "a") {
			t.Errorf("%s: %v: %q", what, err, out.String())
		}
	}
}
