package wire

import roostv1 "github.com/roost-iot/roost/proto/roost/v1"

// Version of the protocol.
const Version = 1

// Message is one of the message types of this package, as a pointer.
type Message interface {
	kind() kind
	// visit hands each field to c, which writes or reads it: one description of the
	// layout for both directions.
	visit(c codec)
}

// Frame is a message with the number of its call.
type Frame struct {
	Call    uint64
	Message Message
}

// kind is the first byte of a message; that of an answer has its highest bit set.
type kind byte

const (
	kindHello   kind = 0x01
	kindOpen    kind = 0x02
	kindClose   kind = 0x03
	kindRead    kind = 0x04
	kindWrite   kind = 0x05
	kindPing    kind = 0x06
	kindWelcome kind = 0x81
	kindAck     kind = 0x82
	kindOpened  kind = 0x83
	kindValues  kind = 0x84
	kindNack    kind = 0x85
)

// message returns an empty message of that kind, and its name; nil if there is none.
func (k kind) message() (Message, string) {
	switch k {
	case kindHello:
		return new(Hello), "hello"
	case kindOpen:
		return new(Open), "open"
	case kindClose:
		return new(Close), "close"
	case kindRead:
		return new(Read), "read"
	case kindWrite:
		return new(Write), "write"
	case kindPing:
		return new(Ping), "ping"
	case kindWelcome:
		return new(Welcome), "welcome"
	case kindAck:
		return new(Ack), "ack"
	case kindOpened:
		return new(Opened), "opened"
	case kindValues:
		return new(Values), "values"
	case kindNack:
		return new(Nack), "nack"
	default:
		return nil, ""
	}
}

// Hello says who asks on this connection. It is answered by a Welcome.
type Hello struct {
	Version     uint64
	Gateway     string
	Incarnation string
}

// Open asks for a session with a device. It is answered by an Opened.
type Open struct {
	Device string
}

// Close ends a session, after the requests before it. It is answered by an Ack.
type Close struct {
	Session uint64
}

// Read asks for the values of resources. It is answered by Values.
type Read struct {
	Session   uint64
	Resources []string
}

// Write asks the device to act. It is answered by an Ack when the device has done it, and by
// a Nack when it does not.
type Write struct {
	Session  uint64
	Resource string
	Value    *roostv1.Value
	// Command is the id of the command that it is part of.
	Command string
	// Epoch under which the gateway acts; 0: it has none.
	Epoch uint64
	// Attempt numbers the writes of the same resource by the same command on this session, from 1.
	Attempt uint64
}

// Ping shows that the gateway lives. It is answered by an Ack.
type Ping struct{}

// Welcome is the answer to a Hello.
type Welcome struct {
	Version uint64
	// IdleMillis is after how many milliseconds without a request the connection is
	// closed; 0: never.
	IdleMillis uint64
}

// Ack is the answer to what was done and has nothing to tell.
type Ack struct{}

// Opened is the answer to an Open.
type Opened struct {
	// Session is its number on this connection.
	Session uint64
}

// Values is the answer to a Read.
type Values struct {
	// Values of the resources, in the order of the Read; nil where there is none.
	Values []*roostv1.Value
}

// Nack is the answer to what was not done. As an error it is its code.
type Nack struct {
	Code   Code
	Reason string
}

// Error returns the code and the reason.
func (m *Nack) Error() string {
	if m.Reason == "" {
		return m.Code.Error()
	}
	return m.Code.Error() + ": " + m.Reason
}

// Unwrap makes a Nack its code, for errors.Is.
func (m *Nack) Unwrap() error { return m.Code }

func (*Hello) kind() kind   { return kindHello }
func (*Open) kind() kind    { return kindOpen }
func (*Close) kind() kind   { return kindClose }
func (*Read) kind() kind    { return kindRead }
func (*Write) kind() kind   { return kindWrite }
func (*Ping) kind() kind    { return kindPing }
func (*Welcome) kind() kind { return kindWelcome }
func (*Ack) kind() kind     { return kindAck }
func (*Opened) kind() kind  { return kindOpened }
func (*Values) kind() kind  { return kindValues }
func (*Nack) kind() kind    { return kindNack }

func (m *Hello) visit(c codec) {
	c.number("version", &m.Version)
	c.text("gateway", &m.Gateway)
	c.text("incarnation", &m.Incarnation)
}

func (m *Open) visit(c codec) { c.text("device", &m.Device) }

func (m *Close) visit(c codec) { c.number("session", &m.Session) }

func (m *Read) visit(c codec) {
	c.number("session", &m.Session)
	resize(c, "resources", &m.Resources)
	for i := range m.Resources {
		c.text("resource", &m.Resources[i])
	}
}

func (m *Write) visit(c codec) {
	c.number("session", &m.Session)
	c.text("resource", &m.Resource)
	c.value("value", &m.Value)
	c.text("command", &m.Command)
	c.number("epoch", &m.Epoch)
	c.number("attempt", &m.Attempt)
}

func (*Ping) visit(codec) {}

func (m *Welcome) visit(c codec) {
	c.number("version", &m.Version)
	c.number("idle", &m.IdleMillis)
}

func (*Ack) visit(codec) {}

func (m *Opened) visit(c codec) { c.number("session", &m.Session) }

func (m *Values) visit(c codec) {
	resize(c, "values", &m.Values)
	for i := range m.Values {
		c.value("value", &m.Values[i])
	}
}

func (m *Nack) visit(c codec) {
	code := uint64(m.Code)
	c.number("code", &code)
	m.Code = Code(code)
	c.text("reason", &m.Reason)
}

// resize makes list as long as the frame says, when it is read.
func resize[T any](c codec, name string, list *[]T) {
	n := len(*list)
	c.count(name, &n)
	if n > len(*list) {
		*list = make([]T, n)
	}
}
