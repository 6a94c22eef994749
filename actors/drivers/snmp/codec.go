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
type codec struct{ library gosnmp.GoSNMP }

// init makes it ready; a codec must not be copied afterwards.
func (c *codec) init(at address, user *gosnmp.UsmSecurityParameters) {
	c.library.Version = at.version
	c.library.MaxOids = maxMost
	if user == nil {
		return
	}
	c.library.SecurityModel = gosnmp.UserSecurityModel
	c.library.MsgFlags = at.user.level()
	c.library.SecurityParameters = user
	c.library.ContextName = at.context
}

// encode returns the datagram of a request with that id, which is not 0. In version 3 it is the message's id, too.
func (c *codec) encode(q *question, id uint32) (datagram []byte, err error) {
	defer recovered(&err)
	c.library.Community = q.community
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
		return message, message.MsgFlags&gosnmp.AuthPriv == c.library.MsgFlags&gosnmp.AuthPriv, nil
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

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", errLibrary, r)
	}
}

// glance returns a notification of any version without asking whether it is authentic; of version 3 only its header.
func (c *codec) glance(datagram []byte) (message *gosnmp.SnmpPacket, ok bool) {
	var err error
	defer func() { ok = ok && err == nil }()
	defer recovered(&err)
	message, err = c.library.SnmpDecodePacket(datagram)
	if err == nil && message.Version != gosnmp.Version3 {
		return message, notifies(message.PDUType)
	}
	return message, message.Version == gosnmp.Version3
}

// notification returns a trap or an inform that is authentic, as far as its version can be.
func (c *codec) notification(datagram []byte) (message *gosnmp.SnmpPacket, ok bool) {
	var err error
	defer func() { ok = ok && err == nil }()
	defer recovered(&err)
	message, err = c.library.UnmarshalTrap(slices.Clone(datagram), true)
	return message, err == nil && notifies(message.PDUType)
}

// acknowledgement returns the answer to an inform, which is the inform itself with another name.
func (c *codec) acknowledgement(inform *gosnmp.SnmpPacket) (datagram []byte, err error) {
	defer recovered(&err)
	answer := gosnmp.SnmpPacket{
		Version: inform.Version, Community: inform.Community, PDUType: gosnmp.GetResponse,
		RequestID: inform.RequestID, Variables: inform.Variables,
	}
	return answer.MarshalMsg()
}

func notifies(kind gosnmp.PDUType) bool {
	return kind == gosnmp.Trap || kind == gosnmp.SNMPv2Trap || kind == gosnmp.InformRequest
}
