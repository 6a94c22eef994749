package sparkplug

import "strings"

// Namespace is what topics of Sparkplug B begin with.
const Namespace = "spBv1.0"

// Verb is what a message is.
type Verb string

// The messages of edge nodes, of devices behind them, and to both.
const (
	NodeBirth     Verb = "NBIRTH"
	NodeData      Verb = "NDATA"
	NodeDeath     Verb = "NDEATH"
	NodeCommand   Verb = "NCMD"
	DeviceBirth   Verb = "DBIRTH"
	DeviceData    Verb = "DDATA"
	DeviceDeath   Verb = "DDEATH"
	DeviceCommand Verb = "DCMD"
)

// Topic returns a topic of a group and an edge node; device is empty for the messages of the node.
func (v Verb) Topic(group, node, device string) string {
	topic := strings.Join([]string{Namespace, group, string(v), node}, "/")
	if device != "" {
		topic += "/" + device
	}
	return topic
}

// ParseTopic takes a topic apart. It reports whether it is one of an edge node or a device.
func ParseTopic(topic string) (group string, verb Verb, node, device string, ok bool) {
	parts := strings.Split(topic, "/")
	if len(parts) < 4 || len(parts) > 5 || parts[0] != Namespace {
		return "", "", "", "", false
	}
	if len(parts) == 5 {
		device = parts[4]
	}
	group, verb, node = parts[1], Verb(parts[2]), parts[3]
	return group, verb, node, device, group != "" && node != "" && verb.known() && verb.ofDevice() == (device != "")
}

func (v Verb) known() bool {
	switch v {
	case NodeBirth, NodeData, NodeDeath, NodeCommand, DeviceBirth, DeviceData, DeviceDeath, DeviceCommand:
		return true
	}
	return false
}

func (v Verb) ofDevice() bool { return strings.HasPrefix(string(v), "D") }
