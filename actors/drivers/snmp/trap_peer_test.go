package snmp_test

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// notify runs net-snmp's snmptrap or snmpinform, whose words are given in one text, and returns what it says.
func notify(ctx context.Context, words string) (string, error) {
	args := strings.Fields(words)
	for i, arg := range args {
		args[i] = strings.Trim(arg, `'`)
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(c.Environ(), "MIBS=", "SNMPCONFPATH=/nonexistent")
	out, err := c.CombinedOutput()
	return string(out), err
}

const (
	onBattery = " 1.3.6.1.2.1.33.2.1 "
	twoLeft   = minutes + " i 2"
)

// TestTrapsOfPeers: traps of all versions by somebody else's program.
func TestTrapsOfPeers(t *testing.T) {
	needAgent(t)
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
	const user = " version=3 user=u auth=SHA512 auth_password=env:SNMP_TEST_AUTH privacy=AES privacy_password=env:SNMP_TEST_PRIVACY"
	const asUser = "snmptrap -v3 -e 0x80001f880474657374 -u u -l authPriv -a SHA-512 -A auth-password -x AES -X priv-password "
	taken := map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`}
	for _, test := range []struct {
		address, words string
		want           map[string]string
	}{
		{"", "snmptrap -v1 -c public AT 1.3.6.1.2.1.33 127.0.0.1 0 0 7 " + twoLeft, map[string]string{"minutes": "2", "low": "true", "event": "started"}},
		{"", "snmptrap -v1 -c public AT 1.3.6.1.2.1.33.2 127.0.0.1 6 1 7 " + twoLeft, map[string]string{"minutes": "2", "low": "true", "event": "DECODE_ERROR"}},
		{"", "snmptrap -v2c -c public AT ''" + onBattery + twoLeft, taken},
		{user, asUser + "AT ''" + onBattery + twoLeft, taken},
	} {
		at := peertest.FreeAddress(t, "udp")
		one := hear(t, newDriver(), ups("one", "agent=127.0.0.1 traps="+at+test.address))
		if says, err := notify(t.Context(), strings.Replace(test.words, "AT", at, 1)); err != nil {
			t.Fatalf("%s: %v: %s", test.words, err, says)
		}
		one.wantTaken(t, test.want)
	}
}

// TestInformsOfPeers: somebody else's program hears that its inform was stored, and not when it was not.
func TestInformsOfPeers(t *testing.T) {
	needAgent(t)
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
	for _, test := range []struct{ name, address, words string }{
		{"v2c", "", "-v2c -c public"},
		{"plain", " version=3 user=p", "-v3 -u p -l noAuthNoPriv"},
		{"auth", " version=3 user=u auth=MD5 auth_password=env:SNMP_TEST_AUTH", "-v3 -u u -l authNoPriv -a MD5 -A auth-password"},
		{"aes", " version=3 user=u auth=SHA512 auth_password=env:SNMP_TEST_AUTH privacy=AES privacy_password=env:SNMP_TEST_PRIVACY",
			"-v3 -u u -l authPriv -a SHA-512 -A auth-password -x AES -X priv-password"},
		{"des", " version=3 user=u auth=SHA auth_password=env:SNMP_TEST_AUTH privacy=DES privacy_password=env:SNMP_TEST_PRIVACY",
			"-v3 -u u -l authPriv -a SHA -A auth-password -x DES -X priv-password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := peertest.FreeAddress(t, "udp")
			one := hear(t, newDriver(), ups("one", "agent=127.0.0.1 traps="+at+test.address))
			words := "snmpinform " + test.words + " -r 0 -t 1 " + at + " ''" + onBattery + twoLeft
			taken := map[string]string{"minutes": "2", "low": "true", "event": `"on battery"`}
			if test.name == "v2c" || test.name == "aes" { // it takes a while to hear nothing
				one.store <- errNotStored
				if says, err := notify(t.Context(), words); err == nil {
					t.Errorf("an inform that was not stored was acknowledged: %s", says)
				}
				one.wantTaken(t, taken)
			}
			one.store <- nil
			began := time.Now()
			if says, err := notify(t.Context(), words); err != nil {
				t.Errorf("an inform that was stored was not acknowledged: %v: %s", err, says)
			}
			one.wantTaken(t, taken)
			t.Logf("an inform was stored and acknowledged within %v, with the start of its program", time.Since(began).Round(time.Millisecond))
		})
	}
}

// TestAgentSends: an agent that runs sends traps and informs, also to a gateway that has started once more, whose engine it knew from before.
func TestAgentSends(t *testing.T) {
	const user = " version=3 user=aes auth=SHA512 auth_password=env:SNMP_TEST_AUTH privacy=AES privacy_password=env:SNMP_TEST_PRIVACY"
	for _, test := range []struct{ name, config, address string }{
		{"v1", "trapsink AT public", ""}, {"v2c", "trap2sink AT public", ""}, {"inform", "informsink AT public", ""},
		{"v3", "trapsess -v3 -u aes -l authPriv -a SHA-512 -A auth-password -x AES -X priv-password AT", user},
		{"v3 inform", "trapsess -Ci -v3 -u aes -l authPriv -a SHA-512 -A auth-password -x AES -X priv-password -t 1 -r 3 AT", user},
	} {
		t.Run(test.name, func(t *testing.T) {
			to := peertest.FreeAddress(t, "udp")
			needAgent(t)
			t.Setenv("SNMP_TEST_AUTH", "auth-password")
			t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
			sender := device("host", "agent=127.0.0.1 traps="+to+test.address, reading("event", isText, "source=trap oid=1.3.6.1.6.3.1.1.4.1.0 "+
				"words=1.3.6.1.6.3.1.1.5.1=cold_start,1.3.6.1.6.3.1.1.5.5=stranger"))
			first := newDriver()
			s, err := first.Open(t.Context(), sender)
			if err != nil {
				t.Fatal(err)
			}
			taken := newSink()
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.(actors.Pusher).Push(ctx, taken) })
			taken.store <- nil
			a := startAgent(t, "authtrapenable 1", strings.Replace(test.config, "AT", to, 1))
			taken.wantTaken(t, map[string]string{"event": `"cold start"`})
			stop()
			wg.Wait()
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
			second := hear(t, newDriver(), sender)
			for range 3 {
				second.store <- nil
			}
			began := time.Now()
			stranger := device("stranger", "agent="+a.at+" community=env:SNMP_TEST_WRONG reply=50ms retries=0", host()...)
			if err := openOnce(t.Context(), stranger); err == nil {
				t.Error("a stranger was let in")
			}
			second.wantTaken(t, map[string]string{"event": "stranger"})
			t.Logf("%s: heard again %v after a restart", test.name, time.Since(began).Round(time.Millisecond))
		})
	}
}

// TestContractOfHearing: a device that is asked and sends by itself keeps the contract, too.
func TestContractOfHearing(t *testing.T) {
	a := startAgent(t)
	at := peertest.FreeAddress(t, "udp")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	s := newSender(t, "127.0.0.1", at)
	wg.Go(func() {
		for ctx.Err() == nil {
			_, _ = s.conn.Write(datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2)))) // nobody may be there
			<-time.After(5 * time.Millisecond)
		}
	})
	defer wg.Wait()
	defer stop()
	d := device("host", "agent="+a.at+" traps="+at, append(host(), reading("minutes", isUint, "source=trap oid="+minutes))...)
	drivertest.Run(t, newDriver(), d, drivertest.Options{})
}
