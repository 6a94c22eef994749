package drivertest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// kettles is a driver of kettles, which speak lines over TCP: "get water" is answered with a number, "set target 80" with ok or no.
type kettles struct{}

// Check judges all that a fleet file says to the driver, and tells all that is wrong at once.
func (kettles) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the kettle driver needs a device and its profile")
	}
	address := keys.OfAddress("kettle", d.Spec)
	address.Needed("tcp", "host:port of the kettle")
	address.HostPort("tcp")
	problems := address.Problems()
	for i := range d.Profile.Resources {
		entries := keys.OfResource("kettle", d.Profile, i)
		entries.Needed("word", "what the kettle calls it")
		problems = append(problems, entries.Problems()...)
	}
	for i, c := range d.Profile.Commands {
		if len(c.Steps) == 0 {
			problems = append(problems, roostv1.Problem{Path: fmt.Sprintf("commands[%d].steps", i), Message: "kettles have no commands of their own"})
		}
	}
	return problems.Err()
}

// Open connects. Its context is for this call alone: the session does not keep it.
func (k kettles) Open(ctx context.Context, d actors.Device) (actors.Session, error) {
	if err := k.Check(d); err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.Spec.Address["tcp"])
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.Spec.Id, err)
	}
	return &kettle{conn: conn, in: bufio.NewReader(conn), profile: d.Profile}, nil
}

// kettle is a session with one. It has no lock: its calls come one at a time, but for Close, which a connection allows.
type kettle struct {
	conn    net.Conn
	in      *bufio.Reader
	profile *roostv1.Profile
	broken  error // once an answer has not come, the next one that comes would be taken for another question's
}

// Poll asks for one value after the other. A value that is none is a BAD sample, and fails nothing else; no answer fails the poll.
func (k *kettle) Poll(ctx context.Context, names []string) ([]actors.Sample, error) {
	var samples []actors.Sample
	for _, name := range names {
		answer, err := k.ask(ctx, "get "+k.profile.Resource(name).GetProtocol()["word"])
		if err != nil {
			return nil, fmt.Errorf("poll %s: %w", name, err)
		}
		s := actors.Sample{Resource: name, At: time.Now()}
		if number, err := strconv.ParseFloat(answer, 64); err == nil {
			s.Value = roostv1.Double(number)
		} else {
			s.Quality, s.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// Actuate writes one value. Its error says what is certain, and nothing is sent a second time.
func (k *kettle) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	r := k.profile.Resource(a.Resource)
	if r == nil || !r.Writable() {
		return nil, fmt.Errorf("%w: a kettle has no %q to write", actors.ErrNotSent, a.Resource)
	}
	answer, err := k.ask(ctx, "set "+r.Protocol["word"]+" "+a.Value.Format())
	switch {
	case err != nil:
		return nil, err // ErrNotSent, or nobody knows
	case answer == "no":
		return nil, fmt.Errorf("%w: %s = %s", actors.ErrRefused, a.Resource, a.Value.Format())
	case answer != "ok":
		return nil, fmt.Errorf("the kettle answered %q, and not ok or no", answer) // nobody knows
	}
	return nil, nil
}

// ask sends a line and waits for the answer, until the context ends.
func (k *kettle) ask(ctx context.Context, question string) (string, error) {
	if k.broken != nil {
		return "", fmt.Errorf("%w: %w", actors.ErrNotSent, k.broken)
	}
	// A deadline in the past ends what waits, whether the context has a deadline or is cancelled.
	stop := context.AfterFunc(ctx, func() { _ = k.conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && k.broken == nil { // the deadline is past, or will be
			k.broken = context.Cause(ctx)
		}
	}()
	if ctx.Err() != nil { // the last look before the first byte
		return "", fmt.Errorf("%w: %w", actors.ErrNotSent, context.Cause(ctx))
	}
	n, err := io.WriteString(k.conn, question+"\n")
	if err == nil {
		var answer string
		if answer, err = k.in.ReadString('\n'); err == nil {
			return strings.TrimSpace(answer), nil
		}
	}
	k.broken = fmt.Errorf("%q was not answered: %w", question, errors.Join(context.Cause(ctx), err))
	if n == 0 {
		return "", fmt.Errorf("%w: %w", actors.ErrNotSent, k.broken)
	}
	return "", k.broken
}

// Close ends what waits, too. Nothing is said to the kettle: if ctx has ended it may be another gateway's.
func (k *kettle) Close(context.Context) error { return k.conn.Close() }

// Example is a driver as a whole, and how it is judged. In the driver's own test that is drivertest.Run(t, kettles{}, device, options).
func Example() {
	hardware, stop := boil()
	defer stop()
	device := kettleAt(hardware)
	target := func(v float64) []actors.Action {
		return []actors.Action{{Resource: "target", Value: roostv1.Double(v)}}
	}
	broken := drivertest.Verify(context.Background(), kettles{}, device, drivertest.Options{
		Actions: target(80),
		Refused: target(400),
		Silent:  target(13), // this kettle says nothing to that
		Bad:     []actors.Device{kettleAt("nowhere")},
		Away:    kettleAt("127.0.0.1:1"),
	})
	fmt.Println("rules broken:", len(broken))
	// Output: rules broken: 0
}
