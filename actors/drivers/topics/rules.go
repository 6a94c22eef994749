package topics

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Rules are what a driver allows.
type Rules struct {
	// Longest is how long a topic may be, in bytes. MQTT allows 65,535.
	Longest int
	// Refuse says why topics that begin with its keys are refused.
	Refuse map[string]string
}

// Topic says what is wrong with the topic of a message.
func (r Rules) Topic(topic string) error {
	if IsWild(topic) {
		return errors.New("+ and # are for what is read; what is written goes to one topic")
	}
	return r.Filter(topic)
}

// Filter says what is wrong with a topic in which + stands for any one level, and # at its end for any more.
func (r Rules) Filter(filter string) error {
	switch {
	case filter == "":
		return errors.New("a topic has at least one character")
	case len(filter) > r.Longest:
		return fmt.Errorf("it is longer than %d bytes", r.Longest)
	case !utf8.ValidString(filter) || strings.ContainsRune(filter, 0):
		return errors.New("it has characters that a topic cannot have")
	}
	for prefix, why := range r.Refuse {
		if strings.HasPrefix(filter, prefix) {
			return errors.New(why)
		}
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		switch {
		case level == "+", level == "#" && i == len(levels)-1:
		case IsWild(level):
			return fmt.Errorf("in %q, + must be a level of its own, and # the last one", filter)
		}
	}
	return nil
}

// IsWild tells whether a filter is for more than one topic.
func IsWild(filter string) bool { return strings.ContainsAny(filter, "+#") }

// Match tells whether a message with this topic is one of the filter's, level by level. That no wildcard of a broker stands for a $ at the
// beginning is not its business.
func Match(filter, topic string) bool {
	for {
		want, wants, more := strings.Cut(filter, "/")
		level, levels, deeper := strings.Cut(topic, "/")
		switch {
		case want == "#":
			return true
		case want != "+" && want != level:
			return false
		case !more || !deeper:
			return more == deeper || more && wants == "#"
		}
		filter, topic = wants, levels
	}
}
