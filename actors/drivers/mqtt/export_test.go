package mqtt

import "net"

// NewGuard returns what stands between the MQTT library and a connection. hear is given the messages.
func NewGuard(conn net.Conn, hear func(Heard, byte)) net.Conn { return newGuard(conn, listener(hear)) }

type listener func(Heard, byte)

func (listener) hear() {}
func (listener) lull() {}
func (l listener) arrived(m *message) {
	l(Heard{Topic: m.topic, Payload: m.payload, TooLong: m.tooLong, Retained: m.retained}, m.qos)
}

// Matches tells whether a topic is one of a filter's.
func Matches(filter, topic string) bool { return matches(filter, topic) }

// Routes say who wants which messages; who is a number.
type Routes struct{ routes }

type numbered int

func (numbered) take(*message) {}

// Add lets somebody have the messages of a filter.
func (r *Routes) Add(filter string, who int) { r.add(filter, 1, numbered(who)) }

// Remove ends that.
func (r *Routes) Remove(filter string, who int) { r.remove([]string{filter}, numbered(who)) }

// Of returns who wants messages of a topic.
func (r *Routes) Of(topic string) []int {
	var who []int
	for _, one := range r.of(topic) {
		who = append(who, int(one.(numbered)))
	}
	return who
}

// Count returns how many they are, and allocates nothing.
func (r *Routes) Count(topic string) int { return len(r.of(topic)) }

// Empty tells whether nothing is left.
func (r *Routes) Empty() bool { return len(r.exact)+len(r.wild) == 0 && r.tree.empty() }
