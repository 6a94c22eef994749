package snmp_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
)

// informer sends informs of version 3.
func informer(t testing.TB, to, password string) *gosnmp.GoSNMP {
	t.Helper()
	host, port, _ := net.SplitHostPort(to)
	number, _ := strconv.Atoi(port)
	x := &gosnmp.GoSNMP{
		Target: host, Port: uint16(number), Version: gosnmp.Version3, Timeout: 10 * time.Second, SecurityModel: gosnmp.UserSecurityModel,
		MsgFlags: gosnmp.AuthPriv,
		SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u", AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: password,
			PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: "priv-password"},
	}
	if err := x.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// TestInformsOfVersionThree: who does not know the gateway, or its clock, is told; an inform is taken if it is authentic and of now, and is
// acknowledged after it was stored.
func TestInformsOfVersionThree(t *testing.T) {
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1 version=3 user=u auth=SHA256 auth_password=env:SNMP_TEST_AUTH "+
		"privacy=AES privacy_password=env:SNMP_TEST_PRIVACY traps="+at))
	inform := notice(gosnmp.InformRequest, "", 1, number("."+minutes, 2)).Variables
	x := informer(t, at, "auth-password")
	one.store <- nil
	answer, err := x.SendTrap(gosnmp.SnmpTrap{IsInform: true, Variables: inform})
	if err != nil || answer.PDUType != gosnmp.GetResponse || len(answer.Variables) != 3 {
		t.Fatalf("an inform was answered with %+v, %v", answer, err)
	}
	one.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
	if h := driver.Heard(at); h != (snmp.Heard{Taken: 1, Astray: 1}) {
		t.Errorf("heard %+v, want one inform, and the question before it", h)
	}

	s := newSender(t, "127.0.0.1", at)
	home := x.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	told := *engineOf(home)
	reported := func(change func(*engine), authentic bool, want string) {
		t.Helper()
		is := told
		change(&is)
		setEngine(home, is)
		b, err := x.SnmpEncodePacket(gosnmp.InformRequest, inform, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.send(t, b)
		setEngine(home, told)
		b = s.received(t, 10*time.Second)
		report, err := x.SnmpDecodePacket(append([]byte(nil), b...))
		if err != nil || report.PDUType != gosnmp.Report || len(report.Variables) != 1 || report.Variables[0].Name != want {
			t.Fatalf("the report is %+v, %v; want %s", report, err, want)
		}
		if of := engineOf(report.SecurityParameters.(*gosnmp.UsmSecurityParameters)); of.id != told.id || of.boots != told.boots {
			t.Errorf("the report is of engine %x, started %d times; want %x, %d", of.id, of.boots, told.id, told.boots)
		}
		if authentic {
			x.MsgFlags = gosnmp.AuthNoPriv
			if _, err := x.UnmarshalTrap(b, false); err != nil {
				t.Errorf("the report is not authentic: %v", err)
			}
			x.MsgFlags = gosnmp.AuthPriv
		}
	}
	reported(func(e *engine) { e.boots-- }, true, notInTime)
	reported(func(e *engine) { e.time += 1000 }, true, notInTime)
	reported(func(e *engine) { e.id += "other" }, false, unknownEngine)

	wrong := informer(t, at, "auth-wrong")
	wrong.Timeout = 50 * time.Millisecond
	if _, err := wrong.SendTrap(gosnmp.SnmpTrap{IsInform: true, Variables: inform}); err == nil {
		t.Error("an inform with a wrong password was acknowledged")
	}
	untilHeard(t, driver, at, func(h snmp.Heard) bool { return h == snmp.Heard{Taken: 1, Astray: 5, Foreign: 1} })
	one.wantNothing(t)
}

func engineOf(user *gosnmp.UsmSecurityParameters) *engine {
	return &engine{user.AuthoritativeEngineID, user.AuthoritativeEngineBoots, user.AuthoritativeEngineTime}
}

// setEngine makes a user one who writes to that engine.
func setEngine(user *gosnmp.UsmSecurityParameters, to engine) {
	user.AuthoritativeEngineID, user.AuthoritativeEngineBoots, user.AuthoritativeEngineTime = to.id, to.boots, to.time
	user.SecretKey, user.PrivacyKey = nil, nil
	_ = user.InitSecurityKeys()
}
