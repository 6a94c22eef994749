package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errFault is what a call with the fault error returns.
var errFault = errors.New("simulated fault")

// session is one session with a piece of hardware. It has no state but what it
// was opened with, so that an abandoned call harms none.
type session struct {
	hardware *hardware
	id       uint64
	readable []string
}

// poller is a session with hardware that is asked.
type poller struct{ *session }

// pusher is a session with hardware that sends by itself.
type pusher struct{ *session }

// suffer lets happen to a call what its fate says, up to an error or a panic.
func (s *session) suffer(ctx context.Context, f fate) error {
	if f.has(isSlow) {
		timer := time.NewTimer(f.slow)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.has(isHung) {
		s.hardware.hang(f.hang)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if f.has(panics) {
		panic("sim: simulated panic of device " + s.hardware.id)
	}
	if f.has(fails) {
		return errFault
	}
	return nil
}

// Poll reads the resources.
func (s poller) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.hardware.id, err)
	}
	f := s.hardware.fate(polling)
	if err := s.suffer(ctx, f); err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.hardware.id, err)
	}
	if f.has(isStale) {
		return nil, nil
	}
	return spoil(s.hardware.sample(resources), f), nil
}

// Push sends all readable resources each time that the hardware's interval is over.
func (s pusher) Push(ctx context.Context, sink actors.Sink) error {
	ticker := time.NewTicker(s.hardware.interval())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		f := s.hardware.fate(pushing)
		if err := s.suffer(ctx, f); err != nil {
			return fmt.Errorf("push from %s: %w", s.hardware.id, err)
		}
		if !f.has(isStale) {
			s.send(ctx, f, sink)
		}
	}
}

// send hands one round of samples to the sink. The hardware does not mind when
// they are not taken; with deliver it sends them again in its next round.
func (s pusher) send(ctx context.Context, f fate, sink actors.Sink) {
	rounds := 1
	if f.has(babbles) {
		rounds = s.hardware.burst()
	}
	for range rounds {
		if !s.hardware.delivers() {
			// Busy is the gateway's affair: it counts what it drops.
			_ = sink.Emit(spoil(s.hardware.sample(s.readable), f)...)
			continue
		}
		samples := s.hardware.unacknowledged(s.readable)
		if sink.Deliver(ctx, spoil(samples, f)...) != nil {
			return
		}
		s.hardware.acknowledged()
	}
}

// Actuate hands an action to the hardware.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	results, err := s.actuate(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", verb(a), s.hardware.id, err)
	}
	return results, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	f := s.hardware.fate(actuating)
	if f.has(notSent) {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, errFault)
	}
	if err := s.suffer(ctx, f); err != nil {
		return nil, err
	}
	if f.has(isLate) {
		// It is on its way already, and acts when it arrives, whatever the sender thinks.
		s.hardware.hang(f.late)
	}
	results, err := s.hardware.act(a, s.id, f)
	switch {
	case f.has(isLost):
		return nil, fmt.Errorf("the answer was lost: %w", errFault)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return results, err
}

func verb(a actors.Action) string {
	if a.Resource == "" {
		return "command " + a.Command
	}
	return "write " + a.Resource
}

// Close ends the session: first at the hardware, which is free then, whatever happens to the
// call.
func (s *session) Close(ctx context.Context) error {
	s.hardware.leave()
	if err := s.suffer(ctx, s.hardware.fate(closing)); err != nil {
		return fmt.Errorf("close %s: %w", s.hardware.id, err)
	}
	return nil
}

// spoil makes samples what the fate of their call says.
func spoil(samples []actors.Sample, f fate) []actors.Sample {
	for i := range samples {
		v := &samples[i]
		switch {
		case f.has(isBad):
			v.Value, v.Quality = nil, roostv1.Quality_QUALITY_BAD
			v.Reason = roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
		case f.has(wrongType):
			v.Value = wrong(v.Value)
		case f.has(outOfRange):
			v.Value = beyond(v.Value)
		}
	}
	return samples
}

// wrong returns a value of a type that cannot stand in for v's.
func wrong(v *roostv1.Value) *roostv1.Value {
	if v.Type() == isText {
		return roostv1.Bool(true)
	}
	return roostv1.Text("garbled")
}

// beyond returns a value out of the limits that any resource here has, of v's
// type; what has no limits stays as it is.
func beyond(v *roostv1.Value) *roostv1.Value {
	switch v.Type() {
	case isDouble:
		return roostv1.Double(-1e9)
	case isText:
		return roostv1.Text("beyond")
	default:
		return v
	}
}
