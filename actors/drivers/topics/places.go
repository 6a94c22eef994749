package topics

import (
	"fmt"
	"regexp"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// placeholder is what stands in a topic for what a device's address says.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// Places are what placeholders in the topics of a device stand for.
type Places map[string]string

// Parse fills the topic that was given for a key, and checks it. No topic is none.
func (p Places) Parse(k *keys.Keys, key, given string, check func(string) error) string {
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

// fill returns a topic with what its placeholders stand for.
func (p Places) fill(topic string) (string, error) {
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
