package exec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxLine is how long a line of a program may be, in bytes: many values of the longest kind.
	maxLine = 1 << 20
	// maxShown is how much of a line an error or the log shows, in bytes.
	maxShown = 300
	// maxPushes is how many pushes may wait for Push. Then the program waits.
	maxPushes = 16
)

// session is one program that serves one device. Its calls come one at a time.
type session struct {
	device  actors.Device
	at      address
	veil    keys.Veil
	program *program
	said    *complaints
	pushes  chan []actors.Sample
	readers sync.WaitGroup
	broken  chan struct{} // closed when the session can do no more
	closed  chan struct{} // closed when it is closed
	closing sync.Once

	mu      sync.Mutex // guards all below
	err     error      // why it is broken
	asked   uint64     // id of the last question
	pending *pending   // the question that has no answer; nil: none
}

func newSession(d actors.Device, at address, secrets map[string]string) *session {
	return &session{
		device: d, at: at, veil: keys.VeilOf(slices.Collect(maps.Values(secrets))...),
		pushes: make(chan []actors.Sample, maxPushes), broken: make(chan struct{}), closed: make(chan struct{}),
	}
}

// start starts the program, and listens to it.
func (s *session) start(path string, log *slog.Logger) error {
	p, err := startProgram(path, s.at.program, s.at.args, environment(s.device.Spec.GetId()))
	if err != nil {
		return err
	}
	s.program, s.said = p, &complaints{log: log, veil: s.veil, over: make(chan struct{})}
	s.readers.Go(func() { s.said.read(p.errs) })
	s.readers.Go(s.listen)
	return nil
}

// listen takes the program's lines until there are no more, or one is wrong.
func (s *session) listen() {
	lines := bufio.NewScanner(s.program.out)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		a, err := parseAnswer(bytes.Clone(line))
		if err == nil {
			err = s.take(a)
		}
		if err != nil {
			s.fail(s.violation(line, err))
			return
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		s.fail(fmt.Errorf("the program wrote a line that is longer than %d bytes", maxLine))
		return
	}
	s.fail(s.silenced())
}

// violation says what is wrong with a line.
func (s *session) violation(line []byte, what error) error {
	return fmt.Errorf("the program broke the protocol, %w: %q", what, s.veil.Show(string(line), maxShown))
}

// silenced says why there are no more lines.
func (s *session) silenced() error {
	if !s.program.hasEnded(lastWords, s.closed) {
		return errors.New("the program closed its output")
	}
	err := s.program.outcome()
	<-s.said.over // soon: nobody writes any more, or there is a deadline
	if last := s.said.lastLine(); last != "" {
		err = fmt.Errorf("%w; it last wrote: %q", err, last)
	}
	return err
}

// take takes an answer, or a push.
func (s *session) take(a *answer) error {
	if a.Push != nil {
		return s.takePush(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch p := s.pending; {
	case p != nil && p.id == *a.ID:
		p.answer <- a
		close(p.answered)
		s.pending = nil
		return nil
	case *a.ID == 0 || *a.ID > s.asked:
		return fmt.Errorf("it answers question %d, which was not asked", *a.ID)
	}
	return fmt.Errorf("it answers question %d once more", *a.ID)
}

func (s *session) takePush(a *answer) error {
	samples, err := s.samples(a.Push, nil)
	if err != nil {
		return err
	}
	for i, now := 0, time.Now(); i < len(samples); i++ {
		samples[i].At = now
	}
	select {
	case s.pushes <- samples:
	case <-s.broken:
	case <-s.closed:
	}
	return nil
}

// fail ends the program, unless it has ended, for a reason.
func (s *session) fail(why error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = why
		close(s.broken)
	}
	s.mu.Unlock()
	s.program.kill()
}

// failure is why the session can do no more; nil: it can.
func (s *session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the program, within bounds, and all that belongs to the session.
func (s *session) Close(ctx context.Context) error {
	s.closing.Do(func() { close(s.closed) })
	err := s.program.stop(s.at.stop, ctx.Done())
	s.settle()
	if err != nil {
		return fmt.Errorf("close %s: %w", s.device.Spec.GetId(), err)
	}
	return nil
}

// settle waits for the end of what belongs to a program that was ended.
func (s *session) settle() {
	if !s.program.hasEnded(killWait, nil) {
		go func() { // ends with the process, which nothing can hurry
			<-s.program.ended
			s.program.closePipes()
		}()
		return
	}
	s.readers.Wait() // soon: the pipes have no other end, or a deadline
	s.program.closePipes()
}

// samples returns the samples of values by resource; where only some are wanted, only those. The error says that
// the program broke the protocol.
func (s *session) samples(values map[string]rawValue, wanted map[string]bool) ([]actors.Sample, error) {
	samples := make([]actors.Sample, 0, len(values))
	for name, raw := range values {
		r := s.device.Profile.Resource(name)
		if r == nil || !r.Readable() {
			return nil, fmt.Errorf("the profile has no resource %q to read", s.veil.Show(name, maxShown))
		}
		if wanted != nil && !wanted[name] {
			continue
		}
		one, err := sample(r, raw)
		if err != nil {
			return nil, err
		}
		one.Detail = s.veil.Show(one.Detail, maxShown)
		samples = append(samples, one)
	}
	return samples, nil
}

// results returns what a device answered to an action, by name.
func (s *session) results(values map[string]rawValue) (map[string]*roostv1.Value, error) {
	if len(values) == 0 {
		return nil, nil
	}
	results := make(map[string]*roostv1.Value, len(values))
	for name, raw := range values {
		v, err := incoming(raw, roostv1.ValueType_VALUE_TYPE_UNSPECIFIED)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		results[name] = v
	}
	return results, nil
}
