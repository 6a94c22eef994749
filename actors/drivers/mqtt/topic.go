package mqtt

import (
	"strings"

	"github.com/roost-iot/roost/actors/drivers/topics"
)

// maxTopic is how long a topic can be, in bytes.
const maxTopic = 65535

// rules are what may be subscribed to at a broker, and published.
var rules = topics.Rules{
	Longest: maxTopic,
	Refuse:  map[string]string{"$share/": "a shared subscription gives each message to one of its subscribers only"},
}

// matches tells whether a message with this topic is one of the filter's. Topics that begin with $ are a broker's own, and no
// wildcard stands for that.
func matches(filter, topic string) bool {
	return strings.HasPrefix(topic, "$") == strings.HasPrefix(filter, "$") && topics.Match(filter, topic)
}
