package mqttd

import (
	"strings"

	"github.com/roost-iot/roost/actors/drivers/topics"
)

// rules are what devices may name. Of MQTT's 65,535 bytes no device needs more than these.
var rules = topics.Rules{
	Longest: 1024,
	Refuse:  map[string]string{"$": "topics that begin with $ are a broker's own"},
}

// own tells whether a topic, or a filter, is the device's own: under its base, or with its name as one of the levels that no wildcard
// comes before.
func own(p topics.Places, filter string) bool {
	if rules.Filter(filter) != nil {
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
