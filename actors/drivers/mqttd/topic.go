package mqttd

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// maxTopic is how long a topic may be, in bytes. MQTT allows 65,535.
const maxTopic = 1024

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

// parseTopic fills a topic that was given for a key, and checks it. No topic is none.
func parseTopic(k *keys.Keys, key, given string, p places, check func(string) error) string {
	if given == "" {
		return ""
	}
	topic, err := p.fill(given)
	if err == nil {
		err = check(topic)
	}
	if err != nil {
		k.Wrong(key, "%q is no topic: %v", given, err)
	}
	return topic
}

// checkTopic says what is wrong with the topic of a message.
func checkTopic(topic string) error {
	if strings.ContainsAny(topic, "+#") {
		return errors.New("+ and # are for what is read; what is written goes to one topic")
	}
	return checkFilter(topic)
}

// checkFilter says what is wrong with a topic in which + stands for any one level, and # at its end for any more.
func checkFilter(filter string) error {
	switch {
	case filter == "":
		return errors.New("a topic has at least one character")
	case strings.HasPrefix(filter, "$"):
		return errors.New("topics that begin with $ are a broker's own")
	case len(filter) > maxTopic:
		return fmt.Errorf("it is longer than %d bytes", maxTopic)
	case !utf8.ValidString(filter) || strings.ContainsRune(filter, 0):
		return errors.New("it has characters that a topic cannot have")
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

// matches tells whether a message with this topic is one of the filter's.
func matches(filter, topic string) bool {
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

// own tells whether a topic, or a filter, is the device's own: under its base, or with its name as one of the levels that no wildcard
// comes before.
func (p places) own(filter string) bool {
	if checkFilter(filter) != nil {
		return false
	}
	if base := p["base"]; base != "" && (filter == base || strings.HasPrefix(filter, base+"/")) {
		return true
	}
	for level := range strings.SplitSeq(filter, "/") {
		switch level {
		case "+", "#":
			return false
		case p["name"]:
			return true
		}
	}
	return false
}
