package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkPoll judges what polls return: of all resources, of each alone, and of none.
func checkPoll(ctx context.Context, t *trial) error {
	return t.with(ctx, func(s actors.Session) error {
		p, ok := s.(actors.Poller)
		if !ok || len(t.readable()) == 0 {
			return nil
		}
		good := 0
		for range t.Polls {
			samples, err := t.poll(ctx, p, t.readable())
			if err != nil {
				return err
			}
			good += countGood(samples)
		}
		for _, name := range t.readable() {
			if _, err := t.poll(ctx, p, []string{name}); err != nil {
				return err
			}
		}
		if _, err := t.poll(ctx, p, nil); err != nil {
			return err
		}
		if good == 0 {
			return fmt.Errorf("%d polls returned no good sample", t.Polls)
		}
		return nil
	})
}

// poll makes one poll and judges its samples.
func (t *trial) poll(ctx context.Context, p actors.Poller, asked []string) ([]actors.Sample, error) {
	given := slices.Clone(asked)
	var samples []actors.Sample
	err := t.call(ctx, t.Timeout, "Poll", func(ctx context.Context) error {
		got, err := p.Poll(ctx, given)
		samples = got
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("poll of %q: %w", asked, err)
	}
	if !slices.Equal(asked, given) {
		return nil, fmt.Errorf("poll changed the names that it was given to %q", given)
	}
	return samples, t.judge(samples, asked)
}

// judge returns what is wrong with samples.
func (t *trial) judge(samples []actors.Sample, asked []string) error {
	var broken []error
	for _, s := range samples {
		if !slices.Contains(asked, s.Resource) {
			broken = append(broken, fmt.Errorf("a sample of %q was not asked for", s.Resource))
			continue
		}
		if err := judgeOne(s, t.device.Profile.Resource(s.Resource).GetType()); err != nil {
			broken = append(broken, fmt.Errorf("sample of %s: %w", s.Resource, err))
		}
	}
	return errors.Join(broken...)
}

func judgeOne(s actors.Sample, want roostv1.ValueType) error {
	bad := s.Quality == roostv1.Quality_QUALITY_BAD
	if _, known := roostv1.Quality_name[int32(s.Quality)]; !known {
		return fmt.Errorf("its quality %d is none", s.Quality)
	}
	if s.Value == nil && !bad {
		return errors.New("it has no value and is not BAD")
	}
	if bad && s.Reason == roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED {
		return errors.New("it is BAD without a reason")
	}
	now := time.Now()
	if monotonic := now != now.Round(0); monotonic && !s.At.IsZero() && s.At == s.At.Round(0) {
		return fmt.Errorf("when it arrived was told by a wall clock, as %v: leave At out, or take time.Now; what the device says is its Source", s.At)
	}
	if s.At.After(now) {
		return fmt.Errorf("it arrives in the future, at %v", s.At)
	}
	if s.Value == nil {
		return nil
	}
	if _, err := roostv1.Convert(s.Value, want); err != nil {
		return err
	}
	return nil
}

func countGood(samples []actors.Sample) int {
	n := 0
	for _, s := range samples {
		if s.Value != nil && s.Quality != roostv1.Quality_QUALITY_BAD {
			n++
		}
	}
	return n
}

// readable returns the names of the device's readable resources.
func (t *trial) readable() []string { return readable(t.device.Profile) }

func readable(p *roostv1.Profile) []string {
	var names []string
	for _, r := range p.GetResources() {
		if r.Readable() {
			names = append(names, r.GetName())
		}
	}
	return names
}

// commandable reports whether the device can be told anything.
func (t *trial) commandable() bool {
	return len(t.device.Profile.GetCommands()) > 0 ||
		slices.ContainsFunc(t.device.Profile.GetResources(), (*roostv1.Resource).Writable)
}
