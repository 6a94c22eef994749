package sim

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// schedule says which calls a fault hits, and for how long where that matters.
// The zero schedule hits none.
type schedule struct {
	terms []term // any of them
	span  span
}

// term is one way to choose calls.
type term struct {
	how   how
	p     float64       // chance: the probability, in percent
	n, to uint64        // calls: first and last; each: the period
	from  time.Duration // times: from, and until, after the fault was set
	until time.Duration
}

// how tells how a term chooses.
type how uint8

const (
	calls  how = iota // by number
	each              // one in so many
	chance            // by probability
	times             // by time
)

// span is how long something lasts: evenly drawn between two durations.
type span struct{ least, most time.Duration }

// given reports whether the schedule said how long.
func (s span) given() bool { return s.most > 0 }

// at returns the duration for a number drawn evenly from 0 to 1.
func (s span) at(draw float64) time.Duration {
	return s.least + time.Duration(draw*float64(s.most-s.least))
}

// hits reports whether the schedule hits a call: the n-th since the fault was set,
// from 1, made age after that. draw is a number drawn evenly from 0 to 1 for
// this call.
func (s schedule) hits(n uint64, age time.Duration, draw float64) bool {
	for _, t := range s.terms {
		switch t.how {
		case calls:
			if t.n <= n && n <= t.to {
				return true
			}
		case each:
			if n%t.n == 0 {
				return true
			}
		case chance:
			if draw*100 < t.p {
				return true
			}
		case times:
			if t.from <= age && age < t.until {
				return true
			}
		}
	}
	return false
}

// Forms that a term can have, as told to who wrote another.
const forms = `want "always", "5%", "every 20", "3", "3..5", "after 10", "10s..20s" or "after 30s"`

// parseSchedule reads the grammar in the package's documentation.
func parseSchedule(text string) (schedule, error) {
	var s schedule
	when, long, spanned := strings.Cut(strings.TrimSpace(text), " for ")
	if spanned {
		var err error
		if s.span, err = parseSpan(strings.TrimSpace(long)); err != nil {
			return schedule{}, err
		}
	}
	for part := range strings.SplitSeq(when, ",") {
		t, err := parseTerm(strings.TrimSpace(part))
		if err != nil {
			return schedule{}, err
		}
		s.terms = append(s.terms, t)
	}
	return s, nil
}

func parseTerm(text string) (term, error) {
	first, last, ranged := strings.Cut(text, "..")
	switch {
	case text == "":
		return term{}, errors.New("nothing where a schedule was expected; " + forms)
	case text == "always":
		return term{how: calls, n: 1, to: math.MaxUint64}, nil
	case strings.HasSuffix(text, "%"):
		return parseChance(text)
	case strings.HasPrefix(text, "every "):
		n, err := parseCall(strings.TrimPrefix(text, "every "))
		return term{how: each, n: n}, err
	case strings.HasPrefix(text, "after "):
		return parseAfter(strings.TrimPrefix(text, "after "))
	case ranged:
		return parseRange(first, last)
	default:
		n, err := parseCall(text)
		return term{how: calls, n: n, to: n}, err
	}
}

func parseChance(text string) (term, error) {
	p, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(p >= 0 && p <= 100) {
		return term{}, fmt.Errorf("%q is not a percentage from 0%% to 100%%", text)
	}
	return term{how: chance, p: p}, nil
}

// parseAfter reads "10" (calls) or "30s".
func parseAfter(text string) (term, error) {
	if d, err := time.ParseDuration(text); err == nil && !bare(text) {
		if d < 0 {
			return term{}, fmt.Errorf("%q is before the start", text)
		}
		return term{how: times, from: d, until: math.MaxInt64}, nil
	}
	n, err := parseCall(text)
	if err != nil || n == math.MaxUint64 {
		return term{}, fmt.Errorf("%q is neither a number of calls nor a duration", text)
	}
	return term{how: calls, n: n + 1, to: math.MaxUint64}, nil
}

// parseRange reads "3..5" (calls) or "10s..20s".
func parseRange(first, last string) (term, error) {
	if bare(first) {
		from, err := parseCall(first)
		if err != nil {
			return term{}, err
		}
		to, err := parseCall(last)
		if err != nil {
			return term{}, err
		}
		if to < from {
			return term{}, fmt.Errorf("the range %s..%s is reversed", first, last)
		}
		return term{how: calls, n: from, to: to}, nil
	}
	from, err := time.ParseDuration(first)
	if err != nil || from < 0 {
		return term{}, fmt.Errorf("%q is neither a number of a call nor a duration; %s", first, forms)
	}
	until, err := time.ParseDuration(last)
	if err != nil || bare(last) {
		return term{}, fmt.Errorf("%q is not a duration", last)
	}
	if until <= from {
		return term{}, fmt.Errorf("the time from %s to %s is empty", first, last)
	}
	return term{how: times, from: from, until: until}, nil
}

// parseCall reads the number of a call.
func parseCall(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a number of a call, which count from 1; %s", text, forms)
	}
	return n, nil
}

// parseSpan reads "2s" or "10ms..2s".
func parseSpan(text string) (span, error) {
	first, last, ranged := strings.Cut(text, "..")
	if !ranged {
		last = first
	}
	least, err := parseLength(first)
	if err != nil {
		return span{}, err
	}
	most, err := parseLength(last)
	if err != nil {
		return span{}, err
	}
	if most < least {
		return span{}, fmt.Errorf("the durations %s are reversed", text)
	}
	return span{least, most}, nil
}

func parseLength(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration above zero, like 200ms or 30s", text)
	}
	return d, nil
}

// bare reports whether a text is a number without a unit: never a duration here,
// although time.ParseDuration takes "0".
func bare(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// String returns the schedule so that parseSchedule reads it as the same one.
func (s schedule) String() string {
	parts := make([]string, len(s.terms))
	for i, t := range s.terms {
		parts[i] = t.String()
	}
	text := strings.Join(parts, ", ")
	switch {
	case !s.span.given():
		return text
	case s.span.least == s.span.most:
		return text + " for " + s.span.least.String()
	default:
		return text + " for " + s.span.least.String() + ".." + s.span.most.String()
	}
}

func (t term) String() string {
	switch {
	case t.how == each:
		return fmt.Sprintf("every %d", t.n)
	case t.how == chance:
		return strconv.FormatFloat(t.p, 'g', -1, 64) + "%"
	case t.how == times && t.until == math.MaxInt64:
		return "after " + t.from.String()
	case t.how == times:
		return t.from.String() + ".." + t.until.String()
	case t.n == 1 && t.to == math.MaxUint64:
		return "always"
	case t.to == math.MaxUint64:
		return fmt.Sprintf("after %d", t.n-1)
	case t.n == t.to:
		return strconv.FormatUint(t.n, 10)
	default:
		return fmt.Sprintf("%d..%d", t.n, t.to)
	}
}
