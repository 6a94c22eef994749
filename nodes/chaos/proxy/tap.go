package proxy

// Tap looks at the messages of the NATS protocol that one connection carries. Up and Down are scanned by one goroutine each,
// so its methods are called by two at a time.
type Tap interface {
	// Wants reports whether the message with this subject, whose line was just read, is to be shown when it is whole.
	Wants(d Direction, verb Verb, subject []byte) bool
	// Message shows it, before its last bytes go on, whatever becomes of them: one to the server is seen before
	// the server sees all of it, one from the server also if it does not arrive.
	Message(d Direction, m *Message)
}

// Message is a message that was asked for. It is valid during the call only.
type Message struct {
	// Verb is VerbPubAck where a MSG or HMSG says that the server has stored something.
	Verb           Verb
	Subject, Reply []byte
	// Header is whole, as it is sent; Payload is its begin only, up to tappedSize.
	Header, Payload []byte
}

// tappedSize is how much of the payload of a message that was asked for is kept.
const tappedSize = 1 << 10

// wanted notes, of a line that is whole, what a tap asks for.
func (s *scanner) wanted(words [][]byte) {
	s.tapped = nil
	if s.tap == nil || len(words) < 3 || !s.tap.Wants(s.direction, s.verb, words[1]) {
		return
	}
	reply := 2 // its place
	if s.verb == VerbMsg || s.verb == VerbHMsg {
		reply++ // behind the id of the subscription
	}
	sizes := 1
	if s.verb == VerbHPub || s.verb == VerbHMsg {
		sizes = 2
	}
	m := &s.message
	m.Subject, m.Reply = append(m.Subject[:0], words[1]...), m.Reply[:0]
	if len(words) > reply+sizes {
		m.Reply = append(m.Reply, words[reply]...)
	}
	m.Header, m.Payload = m.Header[:0], m.Payload[:0]
	s.tapped = m
}

// show shows a message that is whole.
func (s *scanner) show(verb Verb) {
	if s.tapped != nil && verb != "" {
		s.tapped.Verb = verb
		s.tap.Message(s.direction, s.tapped)
		s.tapped = nil
	}
}
