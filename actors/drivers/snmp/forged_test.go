package snmp_test

import (
	"bytes"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
)

// forged returns a message of version 3 as one of another security model than the user-based one. The library checks and decrypts nothing
// of such a message, and finds nothing wrong with it.
func forged(message []byte) []byte {
	model := bytes.Index(message, []byte{2, 1, byte(gosnmp.UserSecurityModel), 4})
	message[model+2] = 2
	return message
}

// signed returns an answer of an agent that knows the user's name, and guesses his password.
func signed(t testing.TB, now *engine, request *gosnmp.SnmpPacket, variables ...gosnmp.SnmpPDU) []byte {
	t.Helper()
	x := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthNoPriv,
		SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u", AuthoritativeEngineID: now.id, AuthoritativeEngineBoots: now.boots,
			AuthoritativeEngineTime: now.time, AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: "guessed-password"}}
	if err := x.SecurityParameters.InitSecurityKeys(); err != nil {
		t.Error(err)
	}
	x.SetRequestID(request.RequestID - 1)
	x.SetMsgID(request.MsgID - 1)
	b, err := x.SnmpEncodePacket(gosnmp.GetResponse, variables, 0, 0)
	if err != nil {
		t.Error(err)
	}
	return b
}

// TestOtherSecurityModelIsNotAuthentic: anybody could send traps in the name of a device of version 3, and tell the gateway that a SET had
// succeeded, by naming a security model of which the library checks nothing.
func TestOtherSecurityModelIsNotAuthentic(t *testing.T) {
	const user = " version=3 user=u auth=SHA256 auth_password=env:SNMP_TEST_AUTH "
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1"+user+"traps="+at))
	as := &gosnmp.SnmpPacket{SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u"}}
	trap := engine{engineID, 1, 1}.answer(as, gosnmp.SNMPv2Trap, 1, 1, number("."+minutes, 2))
	newSender(t, "127.0.0.1", at).send(t, forged(trap))
	untilHeard(t, driver, at, func(h snmp.Heard) bool { return h != snmp.Heard{} })
	if h := driver.Heard(at); h != (snmp.Heard{Foreign: 1}) {
		t.Errorf("heard %+v: a trap that nobody has signed was taken", h)
	}
	one.wantNothing(t)

	now := &engine{engineID, 1, 100}
	reader := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthNoPriv,
		SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u", AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: "x-password"}}
	w := startWireFor(t, reader, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
		return [][]byte{forged(signed(t, now, request, number("."+sysUpTime, 1)))}
	}))
	s, err := driver.Open(t.Context(), device("d", user+"reply=100ms retries=0 agent="+w.at(), resource("r", isInt, "oid="+anObject)))
	if err == nil {
		t.Error("an agent that does not know the user's password was believed")
		_ = s.Close(t.Context())
	}
}
