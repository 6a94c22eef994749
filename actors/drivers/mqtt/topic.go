package mqtt

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxTopic is how long a topic can be, in bytes.
const maxTopic = 65535

// placeholder is what stands in a topic for what a device's address says.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// places are what placeholders in the topics of a device stand for.
type places map[string]string

// fill returns a topic with what its placeholders stand for.
func (p places) fill(topic string) (string, error) {
	var err error
	filled := placeholder.ReplaceAllStringFunc(topic, func(place string) string {
		text, known := p[place[1:len(place)-1]]
		switch {
		case !known:
			err = fmt.Errorf("there is nothing called %s, only {name} and {base}", place)
		case text == "":
			err = fmt.Errorf("it names %s, and the address has none", place)
		}
		return text
	})
	return filled, err
}

// checkTopic says what is wrong with a topic that is published to.
func checkTopic(topic string) error {
	if strings.ContainsAny(topic, "+#") {
		return errors.New("+ and # are for what is read; what is written goes to one topic")
	}
	return checkFilter(topic)
}

// checkFilter says what is wrong with a topic that is subscribed to, in which + stands for any one level, and # at its end for any more.
func checkFilter(filter string) error {
	switch {
	case filter == "":
		return errors.New("a topic has at least one character")
	case len(filter) > maxTopic:
		return fmt.Errorf("it is longer than %d bytes", maxTopic)
	case !utf8.ValidString(filter) || strings.ContainsRune(filter, 0):
		return errors.New("it has characters that a topic cannot have")
	case strings.HasPrefix(filter, "$share/"):
		return errors.New("a shared subscription gives each message to one of its subscribers only")
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		switch {
		case level == "+", level == "#" && i == len(levels)-1:
		case strings.ContainsAny(level, "+#"):
			return fmt.Errorf("in %q, + must be a level of its own, and # the last one", filter)
		}
	}
	return nil
}

// isWild tells whether a filter is for more than one topic.
func isWild(filter string) bool { return strings.ContainsAny(filter, "+#") }

// matches tells whether a message with this topic is one of the filter's. Topics that begin with $ are a broker's own, and no
// wildcard stands for that.
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") != strings.HasPrefix(filter, "$") {
		return false
	}
	for {
		want, moreWanted, wanted := strings.Cut(filter, "/")
		if want == "#" {
			return true
		}
		level, more, deeper := strings.Cut(topic, "/")
		if want != "+" && want != level {
			return false
		}
		if !wanted || !deeper {
			return wanted == deeper || wanted && moreWanted == "#"
		}
		filter, topic = moreWanted, more
	}
}
