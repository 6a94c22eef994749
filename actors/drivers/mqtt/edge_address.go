package mqtt

import (
	"fmt"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// edgeAddress is where a device of Sparkplug B is.
type edgeAddress struct {
	edgeKey
	device string // empty: it is the edge node itself
}

// edgeKey is an edge node of a broker.
type edgeKey struct{ group, node string }

// metric is what a resource is there.
type metric struct {
	name     string
	datatype sparkplug.Type // that it has to have; zero: any that fits
}

// parseEdge reads what an address says of Sparkplug; nil: it does not speak of it.
func parseEdge(k *keys.Keys) *edgeAddress {
	own := []string{"group", "edge_node", "device"}
	if k.Word("payload", "any", "any", "sparkplug") == "any" {
		for _, key := range own {
			k.Unwanted(key, "is for devices that have payload: sparkplug")
		}
		return nil
	}
	at := new(edgeAddress)
	at.group = parseElement(k, "group", k.Needed("group", "the group id of the edge node"))
	at.node = parseElement(k, "edge_node", k.Needed("edge_node", "the id of the edge node"))
	at.device = parseElement(k, "device", k.Text("device", ""))
	for _, key := range []string{"name", "base", "qos", "presence", "online", "offline"} {
		k.Unwanted(key, "is for devices with topics of their own, and those of Sparkplug are given by group, edge_node and device")
	}
	return at
}

// parseElement checks a part of a topic.
func parseElement(k *keys.Keys, key, id string) string {
	if id == "" {
		return ""
	}
	err := rules.Topic(id)
	if err == nil && strings.ContainsAny(id, "/{}") {
		err = fmt.Errorf("it has a /, { or }")
	}
	if err != nil {
		k.Wrong(key, "%q is no id of Sparkplug: %v", id, err)
	}
	return id
}

// parseMetric reads what a resource says of its metric.
func parseMetric(k *keys.Keys, r *roostv1.Resource) *entry {
	e := &entry{resource: r}
	e.metric.name = k.Needed("metric", "the name of its metric, as it is in the birth of the device")
	if r.GetType() == roostv1.ValueType_VALUE_TYPE_BYTES {
		k.Wrong("metric", "%s is of %s, and no metric that can be read is", r.GetName(), r.GetType().Word())
		return e
	}
	name := k.Text("datatype", "")
	if name == "" {
		return e
	}
	known := false
	e.metric.datatype, known = sparkplug.TypeOf(name)
	switch {
	case !known:
		k.Wrong("datatype", "%q is none of %s", name, strings.Join(sparkplug.Types(), ", "))
	case !e.metric.datatype.Fits(r.GetType()):
		k.Wrong("datatype", "a %s is no %s, which %s is", name, r.GetType().Word(), r.GetName())
	}
	return e
}

// parseMetricCommands reads which metrics the commands without steps are written to: with their one argument, or with true.
func parseMetricCommands(k *keys.Keys, p *roostv1.Profile) (map[string]*command, roostv1.Problems) {
	commands := make(map[string]*command)
	var problems roostv1.Problems
	for i, c := range p.GetCommands() {
		key := "command." + c.GetName() + ".metric"
		switch {
		case len(c.GetSteps()) > 0:
			k.Unwanted(key, "command %q has steps, which write resources", c.GetName())
		case !k.Has(key):
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and the device's address does not say which metric is written: %s", c.GetName(), key),
			})
		case len(c.GetArguments()) > 1:
			k.Wrong(key, "command %q has %d arguments, and a metric takes one value", c.GetName(), len(c.GetArguments()))
		default:
			commands[c.GetName()] = &command{spec: c, metric: k.Text(key, "")}
		}
	}
	return commands, problems
}
