package snmp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gosnmp/gosnmp"
)

// codec turns requests into datagrams and datagrams into answers. It leaves that to the library, whose own way of asking is not used: that
// sends a SET of version 3 again by itself after a report, takes any answer whose id is 0, and gives up at the first stray datagram.
//
// A panic of the library is an error. A codec is used by one goroutine at a time.
type codec struct {
	library gosnmp.GoSNMP
	user    *gosnmp.UsmSecurityParameters // of version 3; who uses the codec tells him of the engine
}

// init makes it ready; a codec must not be copied afterwards.
func (c *codec) init(at address, user *gosnmp.UsmSecurityParameters) {
	c.library.Version = at.version
	c.library.MaxOids = maxMost
	if user == nil {
		return
	}
	c.user = user
	c.library.SecurityModel = gosnmp.UserSecurityModel
	c.library.MsgFlags = at.user.level()
	c.library.SecurityParameters = user
	c.library.ContextName = at.context
}

// encode returns the datagram of a request with that id, which is not 0. In version 3 it is the message's id, too.
func (c *codec) encode(q *question, id uint32) (datagram []byte, err error) {
	defer recovered(&err)
	c.library.Community = q.community
	if c.user != nil {
		c.library.ContextEngineID = c.user.AuthoritativeEngineID
	}
	c.library.SetRequestID(id - 1)
	c.library.SetMsgID(id - 1)
	return c.library.SnmpEncodePacket(q.kind, q.variables, 0, q.repetitions)
}

// decode returns what a datagram says. What is not authentic, though it should be, is told as such: an agent that does not know who
// asks cannot answer otherwise. The message refers to the datagram.
func (c *codec) decode(datagram []byte) (message *gosnmp.SnmpPacket, authentic bool, err error) {
	defer recovered(&err)
	if c.library.Version != gosnmp.Version3 {
		message, err = c.library.SnmpDecodePacket(datagram)
		return message, true, err
	}
	// The library blanks what it has checked.
	if message, err = c.library.UnmarshalTrap(slices.Clone(datagram), false); err == nil {
		return message, checked(message) && message.MsgFlags&gosnmp.AuthPriv == c.library.MsgFlags&gosnmp.AuthPriv, nil
	}
	message, err = c.library.SnmpDecodePacket(datagram)
	return message, false, err
}

// discovery returns the datagram that asks an agent of version 3 who it is.
func (c *codec) discovery(id uint32) (datagram []byte, err error) {
	defer recovered(&err)
	packet := gosnmp.SnmpPacket{
		Version: gosnmp.Version3, MsgFlags: gosnmp.Reportable, SecurityModel: gosnmp.UserSecurityModel,
		SecurityParameters: new(gosnmp.UsmSecurityParameters), PDUType: gosnmp.GetRequest, MsgID: id, RequestID: id,
	}
	return packet.MarshalMsg()
}

var errLibrary = errors.New("the SNMP library panicked")

// guarded calls the library; if that panics, there is no message.
func guarded(call func() (*gosnmp.SnmpPacket, error)) (message *gosnmp.SnmpPacket, err error) {
	defer recovered(&err)
	return call()
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", errLibrary, r)
	}
}

// glance returns what a notification of any version says of itself to everybody: of version 3 that is its header, and not whether it is
// authentic; nil if it is none.
func (c *codec) glance(datagram []byte) *gosnmp.SnmpPacket {
	message, err := guarded(func() (*gosnmp.SnmpPacket, error) { return c.library.SnmpDecodePacket(datagram) })
	if message != nil && (message.Version == gosnmp.Version3 || err == nil && notifies(message.PDUType)) {
		return message
	}
	return nil
}

// notification returns a trap or an inform that is authentic, as far as its version can be; nil if it is none.
func (c *codec) notification(datagram []byte) *gosnmp.SnmpPacket {
	message, err := guarded(func() (*gosnmp.SnmpPacket, error) { return c.library.UnmarshalTrap(slices.Clone(datagram), true) })
	if err != nil || !notifies(message.PDUType) || !checked(message) {
		return nil
	}
	return message
}

// checked tells whether the library, which found nothing wrong with a message, has looked for it: of version 3 it checks only what says
// that it is of the user-based security model, and takes all else as it is.
func checked(message *gosnmp.SnmpPacket) bool {
	return message.Version != gosnmp.Version3 || message.SecurityModel == gosnmp.UserSecurityModel
}

// reply returns the datagram that answers a notification, protected as flags say. In version 3 it is of the engine that the codec's user
// is told of, which is the gateway's own.
func (c *codec) reply(to *gosnmp.SnmpPacket, kind gosnmp.PDUType, flags gosnmp.SnmpV3MsgFlags, variables []gosnmp.SnmpPDU) (datagram []byte, err error) {
	defer recovered(&err)
	c.library.Version, c.library.Community, c.library.MsgFlags = to.Version, to.Community, flags&gosnmp.AuthPriv
	c.library.ContextEngineID, c.library.ContextName = to.ContextEngineID, to.ContextName
	c.library.SetRequestID(to.RequestID - 1)
	c.library.SetMsgID(to.MsgID - 1)
	return c.library.SnmpEncodePacket(kind, variables, 0, 0)
}

// introduction returns the datagram that tells the sender of a message of version 3 whom to write to: the engine that is not the one in
// its message. It is not protected, as the sender cannot know the keys.
func introduction(to *gosnmp.SnmpPacket, of engine) (datagram []byte, err error) {
	defer recovered(&err)
	packet := gosnmp.SnmpPacket{
		Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, PDUType: gosnmp.Report, MsgID: to.MsgID, RequestID: to.RequestID,
		SecurityParameters: &gosnmp.UsmSecurityParameters{
			AuthoritativeEngineID: of.id, AuthoritativeEngineBoots: of.boots, AuthoritativeEngineTime: of.now(),
		},
		ContextEngineID: of.id, Variables: []gosnmp.SnmpPDU{reportEngine.variable()},
	}
	return packet.MarshalMsg()
}

func notifies(kind gosnmp.PDUType) bool {
	return kind == gosnmp.Trap || kind == gosnmp.SNMPv2Trap || kind == gosnmp.InformRequest
}
