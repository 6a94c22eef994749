package snmp_test

import (
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const minutes = "1.3.6.1.2.1.33.1.2.3.0"

// ups sends by itself, and is never asked.
func ups(id, address string) actors.Device {
	return device(id, address,
		reading("minutes", isUint, "source=trap oid="+minutes), reading("low", isBool, "source=trap true=2 false=9 oid="+minutes),
		reading("event", isText, "source=trap oid=1.3.6.1.6.3.1.1.4.1.0 words=1.3.6.1.2.1.33.2.1=on_battery,1.3.6.1.6.3.1.1.5.1=started"))
}

// TestTraps: a trap is the device's from whose address it comes; what it tells are readings.
func TestTraps(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1 traps="+at))
	two := hear(t, driver, ups("two", "agent=127.0.0.2 traps="+at))
	s := newSender(t, "127.0.0.1", at)
	s.send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2))))
	one.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
	two.wantNothing(t)
	newSender(t, "127.0.0.2", at).send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 9))))
	two.wantTaken(t, map[string]string{"minutes": "9", "low": "false", "event": `"on battery"`})

	// Somebody passes on what another device has sent.
	passed := notice(gosnmp.SNMPv2Trap, "public", 1, gosnmp.SnmpPDU{Name: ".1.3.6.1.6.3.18.1.3.0", Type: gosnmp.IPAddress, Value: "127.0.0.2"})
	s.send(t, datagram(passed))
	two.wantTaken(t, map[string]string{"event": `"on battery"`})
	first := gosnmp.SnmpPacket{Version: gosnmp.Version1, Community: "public", PDUType: gosnmp.Trap,
		SnmpTrap: gosnmp.SnmpTrap{Enterprise: ".1.3.6.1.2.1.33", AgentAddress: "127.0.0.2", GenericTrap: 0}}
	s.send(t, datagram(first))
	two.wantTaken(t, map[string]string{"event": "started"})
	first.AgentAddress = "10.9.9.9" // which nobody knows
	s.send(t, datagram(first))
	one.wantTaken(t, map[string]string{"event": "started"})
	one.wantNothing(t)
	if h := driver.Heard(at); h != (snmp.Heard{Taken: 5}) {
		t.Errorf("heard %+v", h)
	}
}

// TestTrapsThatAreNot: what is from elsewhere, with another community, or no notification, is counted and nothing else.
func TestTrapsThatAreNot(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	t.Setenv("SNMP_TEST_TRAPS", "trap-community")
	one := hear(t, driver, ups("one", "agent=127.0.0.1 trap_community=env:SNMP_TEST_TRAPS traps="+at))
	s := newSender(t, "127.0.0.1", at)
	trap := datagram(notice(gosnmp.SNMPv2Trap, "trap-community", 1, number("."+minutes, 2)))
	random := rand.New(rand.NewPCG(3, 3))
	noise := uint64(0)
	for range 500 {
		noisy := append([]byte(nil), trap...)
		for range 1 + random.IntN(4) {
			noisy[random.IntN(len(noisy))] ^= byte(1 + random.IntN(255))
		}
		s.send(t, noisy[:random.IntN(len(noisy))]) // cut short, it is none
		noise++
		untilHeard(t, driver, at, func(h snmp.Heard) bool { return h.Garbage == noise })
	}
	s.send(t, datagram(gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: "trap-community", PDUType: gosnmp.GetRequest, RequestID: 1}))
	s.send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2))))
	s.send(t, (&engine{engineID, 1, 1}).answer(&gosnmp.SnmpPacket{SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u"}}, gosnmp.SNMPv2Trap, 1, 1,
		number("."+minutes, 2)))
	newSender(t, "127.0.0.3", at).send(t, trap)
	untilHeard(t, driver, at, func(h snmp.Heard) bool { return h == snmp.Heard{Garbage: noise + 1, Foreign: 2, Unknown: 1} })
	one.wantNothing(t)
	s.send(t, trap)
	one.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
}

// TestInforms: an inform is acknowledged after it was stored, and by nobody before.
func TestInforms(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1 traps="+at))
	two := hear(t, driver, ups("two", "agent=127.0.0.1 traps="+at)) // another one at the same address
	s := newSender(t, "127.0.0.1", at)
	inform := datagram(notice(gosnmp.InformRequest, "public", 77, number("."+minutes, 2)))
	taken := map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`}
	s.send(t, inform)
	one.wantTaken(t, taken)
	two.wantTaken(t, taken)
	one.store <- nil
	if answer := s.answered(t, 50*time.Millisecond); answer != nil {
		t.Error("the inform was acknowledged before the second device's readings were stored")
	}
	two.store <- nil
	answer := s.answered(t, 10*time.Second)
	if answer == nil || answer.PDUType != gosnmp.GetResponse || answer.RequestID != 77 || answer.Error != 0 || len(answer.Variables) != 3 {
		t.Fatalf("the inform was answered with %+v", answer)
	}
	s.send(t, inform)
	one.wantTaken(t, taken)
	two.wantTaken(t, taken)
	one.store <- nil
	two.store <- errNotStored
	if answer := s.answered(t, 50*time.Millisecond); answer != nil {
		t.Error("an inform that was not stored was acknowledged")
	}
	// What tells nobody anything need not be kept.
	nothing := notice(gosnmp.InformRequest, "public", 78)
	nothing.Variables = nothing.Variables[:1]
	s.send(t, datagram(nothing))
	if answer := s.answered(t, 10*time.Second); answer == nil || answer.RequestID != 78 {
		t.Errorf("an inform without news was answered with %+v", answer)
	}
}

// TestTrapsOfVersionThree: a trap must be authentic, and of the device's user.
func TestTrapsOfVersionThree(t *testing.T) {
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	one := hear(t, driver, ups("one", "agent=127.0.0.1 version=3 user=u auth=SHA256 auth_password=env:SNMP_TEST_AUTH "+
		"privacy=AES privacy_password=env:SNMP_TEST_PRIVACY traps="+at))
	s := newSender(t, "127.0.0.1", at)
	trap := func(user, auth string, flags gosnmp.SnmpV3MsgFlags) []byte {
		sender := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: flags,
			SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: user, AuthoritativeEngineID: engineID, AuthoritativeEngineBoots: 1,
				AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: auth, PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: "priv-password"}}
		if err := sender.SecurityParameters.InitSecurityKeys(); err != nil {
			t.Fatal(err)
		}
		b, err := sender.SnmpEncodePacket(gosnmp.SNMPv2Trap, notice(gosnmp.SNMPv2Trap, "", 1, number("."+minutes, 2)).Variables, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s.send(t, trap("u", "auth-password", gosnmp.AuthPriv))
	one.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
	s.send(t, trap("u", "auth-wrong", gosnmp.AuthPriv))
	s.send(t, trap("u", "auth-password", gosnmp.NoAuthNoPriv))
	s.send(t, trap("v", "auth-password", gosnmp.AuthPriv))
	s.send(t, datagram(notice(gosnmp.SNMPv2Trap, "", 1, number("."+minutes, 2))))
	untilHeard(t, driver, at, func(h snmp.Heard) bool { return h == snmp.Heard{Taken: 1, Foreign: 4} })
	one.wantNothing(t)
}

// TestEarIsShared: it is there as long as somebody needs it, and a slow device does not stop it.
func TestEarIsShared(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	slow := openWith(t, driver, ups("slow", "agent=127.0.0.1 traps="+at)) // it never pushes
	quick := hear(t, driver, ups("quick", "agent=127.0.0.2 traps="+at))
	flood := newSender(t, "127.0.0.1", at)
	for i := range uint64(300) {
		flood.send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2))))
		untilHeard(t, driver, at, func(h snmp.Heard) bool { return h.Taken+h.Full == i+1 })
	}
	if h := driver.Heard(at); h.Full == 0 {
		t.Errorf("heard %+v, want some for which there was no room", h)
	}
	if err := slow.Close(t.Context()); err != nil {
		t.Error(err)
	}
	newSender(t, "127.0.0.2", at).send(t, datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2))))
	quick.wantTaken(t, map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`})
	if _, err := newDriver().Open(t.Context(), ups("other", "agent=127.0.0.1 traps="+at)); err == nil {
		t.Error("another driver listens at the same address")
	} else if !strings.Contains(err.Error(), "traps cannot be heard at "+at+": ") || strings.Count(err.Error(), at) != 1 {
		t.Errorf("got %v", err)
	}
}

// TestEarEnds with the last session that needs it, and what it has heard is told ever after.
func TestEarEnds(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	driver := newDriver()
	for i := range uint64(3) {
		s, err := driver.Open(t.Context(), ups("d", "agent=127.0.0.1 traps="+at))
		if err != nil {
			t.Fatal(err)
		}
		newSender(t, "127.0.0.2", at).send(t, []byte("garbage"))
		untilHeard(t, driver, at, func(h snmp.Heard) bool { return h.Garbage == 1 })
		if got := driver.Counted()["heard_garbage"]; got != i+1 {
			t.Errorf("round %d: the gateway is told of %d", i, got)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		conn, err := net.ListenPacket("udp", at)
		if err != nil {
			t.Fatalf("the port is still in use: %v", err)
		}
		_ = conn.Close()
		if got := driver.Counted()["heard_garbage"]; got != i+1 {
			t.Errorf("after round %d the gateway is told of %d", i, got)
		}
	}
}

// TestSilentDeviceIsOpened: a device that only sends is not asked, and what it sends is not polled.
func TestSilentDeviceIsOpened(t *testing.T) {
	at := peertest.FreeAddress(t, "udp")
	s := openWith(t, newDriver(), ups("d", "agent=127.0.0.1 traps="+at))
	if got := poll(t, s, "minutes", "event"); len(got) != 0 {
		t.Errorf("a device that only sends was asked, and said %v", got)
	}
	wantOutcome(t, write(t, s, "minutes", roostv1.Uint(1)), actors.ErrNotSent)
}
