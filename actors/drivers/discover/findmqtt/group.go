package findmqtt

import (
	"cmp"
	"slices"
	"strings"
)

// group is the topics of one device.
type group struct {
	key    string // what tells it from others
	base   string // what its topics begin with
	name   string // what stands for {name}, where the topics do not begin with it
	maker  string
	topics []*topic
	// presence is the topic at which it says whether it is there, with these words.
	presence        string
	online, offline string
}

// component are the parts of a device that ESPHome has topics for.
var component = map[string]bool{
	"sensor": true, "binary_sensor": true, "switch": true, "light": true, "text_sensor": true, "number": true, "select": true, "fan": true, "cover": true,
	"climate": true, "lock": true, "button": true,
}

// groups puts topics together. With levels, those that begin with the same so many levels; with 0 by what the topics look like.
func groups(topics []*topic, levels int) []*group {
	g := grouper{byKey: map[string]*group{}, esphome: map[string]bool{}, levels: levels}
	for _, t := range topics {
		if parts := strings.Split(t.name, "/"); len(parts) == 4 && parts[3] == "state" && component[parts[1]] {
			g.esphome[parts[0]] = true
		}
	}
	for _, t := range topics {
		g.place(t)
	}
	slices.SortFunc(g.all, func(a, b *group) int { return cmp.Compare(a.key, b.key) })
	return slices.DeleteFunc(g.all, func(one *group) bool { return len(one.topics) == 0 })
}

// grouper is one run of groups.
type grouper struct {
	byKey   map[string]*group
	all     []*group
	esphome map[string]bool // names of devices
	levels  int
}

func (g *grouper) of(key, base, name, maker string) *group {
	one := g.byKey[key]
	if one == nil {
		one = &group{key: key, base: base, name: name, maker: maker}
		g.byKey[key] = one
		g.all = append(g.all, one)
	}
	return one
}

// place puts a topic where it belongs.
func (g *grouper) place(t *topic) {
	parts := strings.Split(t.name, "/")
	if g.levels > 0 {
		base := strings.Join(parts[:min(g.levels, len(parts))], "/")
		g.of(base, base, "", "").add(t)
		return
	}
	switch {
	case parts[0] == "homeassistant" || parts[0] == "tasmota" && len(parts) > 1 && parts[1] == "discovery":
		// what a device is called in other programs: no values
	case len(parts) >= 3 && (parts[0] == "tele" || parts[0] == "stat" || parts[0] == "cmnd"):
		g.tasmota(t, parts)
	case g.esphome[parts[0]]:
		g.espHome(t, parts)
	case len(parts) >= 2 && parts[0] == "zigbee2mqtt":
		g.zigbee(t, parts)
	default:
		g.plain(t, parts)
	}
}

func (g *grouper) tasmota(t *topic, parts []string) {
	one := g.of("tasmota "+parts[1], "", parts[1], "Tasmota")
	switch {
	case parts[0] == "tele" && parts[2] == "LWT":
		one.presence, one.online, one.offline = "tele/{name}/LWT", "Online", "Offline"
	case parts[0] == "cmnd" || strings.HasPrefix(parts[2], "INFO") || strings.HasPrefix(parts[2], "STATUS") || parts[2] == "LOGGING":
	case parts[0] == "stat" && parts[2] == "RESULT": // the answers to commands
	default:
		one.add(t)
	}
}

func (g *grouper) espHome(t *topic, parts []string) {
	one := g.of("esphome "+parts[0], parts[0], "", "ESPHome")
	switch {
	case len(parts) == 2 && parts[1] == "status":
		one.presence, one.online, one.offline = "{base}/status", "online", "offline"
	case len(parts) == 4 && parts[3] == "state":
		one.add(t)
	}
}

func (g *grouper) zigbee(t *topic, parts []string) {
	if parts[1] == "bridge" {
		return
	}
	base := strings.Join(parts[:2], "/")
	one := g.of(base, base, "", "zigbee2mqtt")
	switch {
	case len(parts) == 3 && parts[2] == "availability" && !t.object:
		one.presence, one.online, one.offline = "{base}/availability", "online", "offline"
	case len(parts) == 2:
		one.add(t)
	}
}

// plain puts a topic of somebody's own with those beside it; a JSON object is a device by itself.
func (g *grouper) plain(t *topic, parts []string) {
	last := parts[len(parts)-1]
	if len(parts) > 2 && (last == "state" || last == "value") {
		parts = parts[:len(parts)-1]
	}
	if !t.object && len(parts) > 1 {
		parts = parts[:len(parts)-1]
	}
	base := strings.Join(parts, "/")
	g.of(base, base, "", "").add(t)
}

func (one *group) add(t *topic) { one.topics = append(one.topics, t) }

// topic is a topic of the group, as its profile has it.
func (one *group) topic(t *topic) string {
	if one.name != "" {
		parts := strings.Split(t.name, "/")
		parts[1] = "{name}"
		return strings.Join(parts, "/")
	}
	if rest, ok := strings.CutPrefix(t.name, one.base); ok && one.base != "" {
		return "{base}" + rest
	}
	return t.name
}
