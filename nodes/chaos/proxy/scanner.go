package proxy

import (
	"bytes"
	"strconv"
)

// Verb is a kind of message of the NATS protocol: the first word of its line.
type Verb string

// The verbs that matter to faults. An acknowledgement of JetStream is a message whose payload says so.
const (
	VerbPub    Verb = "PUB"
	VerbHPub   Verb = "HPUB"
	VerbMsg    Verb = "MSG"
	VerbHMsg   Verb = "HMSG"
	VerbPing   Verb = "PING"
	VerbPong   Verb = "PONG"
	VerbPubAck Verb = "+ACK" // not of the protocol: a MSG or HMSG that acknowledges a publish
)

// covers reports whether a message of another verb counts as one of this. PUB stands for HPUB too.
func (v Verb) covers(other Verb) bool {
	return v == other || v == VerbPub && other == VerbHPub || v == VerbMsg && (other == VerbHMsg || other == VerbPubAck)
}

const (
	maxLine  = 64 << 10 // of the protocol; a longer one is no line of it
	headSize = 16       // of a payload is looked at
)

// scanner finds the messages in one direction of a connection, as far as that is needed to count them.
// It keeps no payload but what a tap asks for. What is not the protocol ends the search.
type scanner struct {
	line    []byte
	verb    Verb
	left    int64 // of the payload and its line end
	skip    int64 // headers, which come before the payload proper
	head    []byte
	foreign bool

	tap       Tap // nil: nobody looks
	direction Direction
	message   Message  // its memory is used again
	tapped    *Message // nil: this one is not to be shown
}

// next takes bytes up to the end of one message. It returns how many it took, and the verb of the message
// that ended there; empty if none did.
func (s *scanner) next(data []byte) (n int, ended Verb) {
	n, ended = s.take(data)
	s.show(ended)
	return n, ended
}

func (s *scanner) take(data []byte) (n int, ended Verb) {
	if s.foreign {
		return len(data), ""
	}
	if s.left > 0 {
		return s.payload(data)
	}
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		s.keep(data)
		return len(data), ""
	}
	s.keep(data[:end])
	s.begin()
	if s.left > 0 {
		more, verb := s.payload(data[end+1:])
		return end + 1 + more, verb
	}
	return end + 1, s.verb
}

func (s *scanner) keep(data []byte) {
	if len(s.line)+len(data) > maxLine {
		s.foreign = true
		return
	}
	s.line = append(s.line, data...)
}

// begin reads a line that is whole.
func (s *scanner) begin() {
	words := bytes.Fields(s.line)
	s.line = s.line[:0]
	s.verb, s.left, s.skip, s.head = "", 0, 0, s.head[:0]
	if len(words) == 0 {
		return
	}
	s.verb = Verb(bytes.ToUpper(words[0]))
	switch s.verb {
	case VerbPub, VerbMsg:
		s.left = size(words, 1)
	case VerbHPub, VerbHMsg:
		s.left, s.skip = size(words, 1), size(words, 2)
	default:
		return
	}
	if s.left < 0 || s.skip < 0 {
		s.foreign, s.left, s.verb = true, 0, ""
		return
	}
	s.wanted(words)
	s.left += int64(len("\r\n"))
}

// size reads the n-th word from the end as a size; below 0 if it is none.
func size(words [][]byte, n int) int64 {
	if len(words) < n+1 {
		return -1
	}
	size, err := strconv.ParseInt(string(words[len(words)-n]), 10, 32)
	if err != nil {
		return -1
	}
	return size
}

// payload takes bytes of a payload.
func (s *scanner) payload(data []byte) (n int, ended Verb) {
	n = int(min(s.left, int64(len(data))))
	part := data[:n]
	s.left -= int64(n)
	if over := min(s.skip, int64(len(part))); over > 0 {
		s.skip -= over
		if s.tapped != nil {
			s.tapped.Header = append(s.tapped.Header, part[:over]...)
		}
		part = part[over:]
	}
	if s.tapped != nil {
		s.tapped.Payload = append(s.tapped.Payload, part[:min(len(part), tappedSize-len(s.tapped.Payload))]...)
	}
	s.head = append(s.head, part[:min(len(part), headSize-len(s.head))]...)
	if s.left > 0 {
		return n, ""
	}
	if s.verb == VerbMsg || s.verb == VerbHMsg {
		if bytes.HasPrefix(s.head, []byte(`{"stream":`)) {
			return n, VerbPubAck
		}
	}
	return n, s.verb
}
