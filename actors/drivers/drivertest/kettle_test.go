package drivertest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// kettleAt is a kettle at an address, as a fleet file has it.
func kettleAt(address string) actors.Device {
	read := func(name, word string) *roostv1.Resource {
		return &roostv1.Resource{
			Name: name, Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel", Access: roostv1.Access_ACCESS_READ, Protocol: map[string]string{"word": word},
		}
	}
	target := read("target", "target")
	target.Access, target.WriteKind = roostv1.Access_ACCESS_READ_WRITE, roostv1.WriteKind_WRITE_KIND_ABSOLUTE
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "kettle", Profile: "kettle", Driver: "kettle", Address: map[string]string{"tcp": address}},
		Profile: &roostv1.Profile{Id: "kettle", Resources: []*roostv1.Resource{read("water", "water"), target}},
	}
}

// boil listens as kettles do, until stop is called.
func boil() (address string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if answer := boiled(lines.Text()); answer != "" {
						fmt.Fprintln(conn, answer)
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() { _ = l.Close() }
}

// boiled is what a kettle answers; nothing to a target of 13.
func boiled(line string) string {
	switch {
	case strings.HasPrefix(line, "get "):
		return "21.5"
	case line == "set target 13":
		return ""
	case line == "set target 400":
		return "no"
	}
	return "ok"
}

// TestKettles: the driver of the example passes as a driver's own test has it; see also Example.
func TestKettles(t *testing.T) {
	hardware, stop := boil()
	t.Cleanup(stop)
	drivertest.Run(t, kettles{}, kettleAt(hardware), drivertest.Options{
		Actions: []actors.Action{{Resource: "target", Value: roostv1.Double(80)}},
		Refused: []actors.Action{{Resource: "target", Value: roostv1.Double(400)}},
		Silent:  []actors.Action{{Resource: "target", Value: roostv1.Double(13)}},
		Away:    kettleAt("127.0.0.1:1"),
	})
}

// eager is a kettle driver with the mistake that most drivers begin with: no answer is told as a refusal.
type eager struct{ kettles }

func (e eager) Open(ctx context.Context, d actors.Device) (actors.Session, error) {
	s, err := e.kettles.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	return eagerKettle{s.(*kettle)}, nil
}

type eagerKettle struct{ *kettle }

func (k eagerKettle) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	got, err := k.kettle.Actuate(ctx, a)
	if err != nil {
		err = fmt.Errorf("%w: %w", actors.ErrRefused, err)
	}
	return got, err
}

// TestEagerKettles: that mistake is found.
func TestEagerKettles(t *testing.T) {
	hardware, stop := boil()
	t.Cleanup(stop)
	broken := drivertest.Verify(t.Context(), eager{}, kettleAt(hardware), drivertest.Options{
		Silent: []actors.Action{{Resource: "target", Value: roostv1.Double(13)}},
	})
	if len(broken) != 1 || !strings.Contains(broken[0].Error(), "silent: write of 13") {
		t.Errorf("got %v", broken)
	}
}
