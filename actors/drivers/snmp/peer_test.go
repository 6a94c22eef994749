package snmp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The agent here is net-snmp's snmpd, a program that nobody here wrote.

// agentConfig has users of all kinds, and agents' own objects are what they are: contact and location are not set, and can be written.
const agentConfig = `
rocommunity public 127.0.0.1
rwcommunity writers-community 127.0.0.1
createUser plain
createUser signer MD5 "auth-password"
createUser des SHA "auth-password" DES "priv-password"
createUser aes SHA-512 "auth-password" AES "priv-password"
rouser plain noauth
rwuser signer auth
rwuser des priv
rwuser aes priv
`

// agent is an SNMP agent in a process of its own.
type agent struct {
	*peertest.Peer
	at string
}

func needAgent(t testing.TB) {
	t.Helper()
	peertest.Need(t, peertest.Program("snmpd", "snmpd"), peertest.Program("snmptrap", "snmp"), peertest.Program("snmpinform", "snmp"))
}

// startAgent starts an agent, which ends with the test; its configuration has more lines.
func startAgent(t testing.TB, more ...string) *agent {
	t.Helper()
	needAgent(t)
	t.Setenv("SNMP_TEST_WRITE", "writers-community")
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	t.Setenv("SNMP_TEST_PRIVACY", "priv-password")
	t.Setenv("SNMP_TEST_WRONG", "wrong-password")
	folder := t.TempDir()
	config := filepath.Join(folder, "agent.conf")
	if err := os.WriteFile(config, []byte(agentConfig+strings.Join(more, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := peertest.FreeAddress(t, "udp")
	probe := device("probe", "agent="+at+" reply=200ms retries=0", reading("up", isUint, "oid="+sysUpTime))
	return &agent{at: at, Peer: peertest.Start(t, peertest.Command{
		Name: "snmpd", Args: []string{"-f", "-Lo", "-C", "-c", config, "udp:" + at},
		Env:   []string{"SNMP_PERSISTENT_DIR=" + filepath.Join(folder, "kept"), "MIBS="},
		Ready: []peertest.Ready{peertest.Answers(func(ctx context.Context) error { return openOnce(ctx, probe) })},
	})}
}

func openOnce(ctx context.Context, d actors.Device) error {
	s, err := newDriver().Open(ctx, d)
	if err != nil {
		return err
	}
	return s.Close(ctx)
}

// ways are how the agent can be asked, where writing is allowed.
func ways() map[string]string {
	return map[string]string{
		"v1":   "version=1 write_community=env:SNMP_TEST_WRITE",
		"v2c":  "write_community=env:SNMP_TEST_WRITE",
		"auth": "version=3 user=signer auth=MD5 auth_password=env:SNMP_TEST_AUTH",
		"des":  "version=3 user=des auth=SHA auth_password=env:SNMP_TEST_AUTH privacy=DES privacy_password=env:SNMP_TEST_PRIVACY",
		"aes":  "version=3 user=aes auth=SHA512 auth_password=env:SNMP_TEST_AUTH privacy=AES privacy_password=env:SNMP_TEST_PRIVACY",
	}
}

// host is what the agent has.
func host() []*roostv1.Resource {
	return []*roostv1.Resource{
		reading("descr", isText, "oid="+sysDescr), reading("id", isText, "oid="+sysObjectID), reading("up", isUint, "oid="+sysUpTime),
		reading("seconds", isDouble, "scale=0.01 oid="+sysUpTime), resource("contact", isText, "oid="+sysContact),
		resource("location", isText, "oid="+sysLocation), reading("raw", isBytes, "oid="+sysContact),
		reading("type", isText, "oid=1.3.6.1.2.1.2.2.1.3.1 words=6=ethernet,24=loopback"), reading("octets", isUint, "oid=1.3.6.1.2.1.31.1.1.1.6.1"),
		reading("load", isDouble, "oid=1.3.6.1.4.1.2021.10.1.3.1"), reading("loadf", isDouble, "oid=1.3.6.1.4.1.2021.10.1.6.1"),
		reading("none", isUint, "oid=1.3.6.1.2.1.1.99.0"), reading("noinstance", isText, "oid=1.3.6.1.2.1.1.1.7"),
		resource("fixed", isText, "oid="+sysDescr),
	}
}

// TestContract: the driver keeps its contract whichever version is spoken.
func TestContract(t *testing.T) {
	a := startAgent(t)
	for _, way := range []string{"v1", "v2c", "aes"} {
		t.Run(way, func(t *testing.T) {
			set := func(name, text string) actors.Action { return actors.Action{Resource: name, Value: roostv1.Text(text)} }
			drivertest.Run(t, newDriver(), device("host", "agent="+a.at+" "+ways()[way], host()...), drivertest.Options{
				Actions: []actors.Action{set("contact", "Anna"), set("location", "Keller")},
				Refused: []actors.Action{set("fixed", "other"), set("descr", "other")},
				Bad:     []actors.Device{device("host", "agent="+a.at, reading("r", isUint, ""))},
			})
		})
	}
}

// TestValues: what the agent has is what is read, and what is written is what it has.
func TestValues(t *testing.T) {
	a := startAgent(t)
	for way, address := range ways() {
		t.Run(way, func(t *testing.T) {
			s := open(t, device("host", "agent="+a.at+" "+address, host()...))
			if err := errors.Join(write(t, s, "contact", roostv1.Text("Anna "+way)), write(t, s, "location", roostv1.Text("Zürich"))); err != nil {
				t.Fatal(err)
			}
			wantValues(t, s, map[string]string{
				"contact": roostv1.Text("Anna " + way).Format(), "raw": roostv1.Bytes([]byte("Anna " + way)).Format(), "location": "Zürich",
				"type": "loopback", "none": "NOT_CONNECTED", "noinstance": "NOT_CONNECTED", "id": "1.3.6.1.4.1.8072.3.2.10",
			})
			got := poll(t, s, "descr", "up", "seconds", "octets", "load", "loadf")
			if !strings.HasPrefix(got["descr"], `"Linux`) {
				t.Errorf("the description is %s", got["descr"])
			}
			for _, name := range []string{"up", "seconds", "load", "loadf"} {
				if strings.Trim(got[name], "0123456789.") != "" {
					t.Errorf("%s is %s, want a number", name, got[name])
				}
			}
			if want := map[bool]string{true: "NOT_CONNECTED"}[way == "v1"]; want != "" && got["octets"] != want {
				t.Errorf("a counter of 64 bits is %s in version 1, want %s", got["octets"], want)
			}
			wantOutcome(t, write(t, s, "fixed", roostv1.Text("x")), actors.ErrRefused)
		})
	}
}

// TestReaderMayNotWrite: who may only read is refused.
func TestReaderMayNotWrite(t *testing.T) {
	a := startAgent(t)
	for _, address := range []string{"version=1", "version=2c", "version=3 user=plain"} {
		s := open(t, device("host", "agent="+a.at+" "+address, host()...))
		wantOutcome(t, write(t, s, "contact", roostv1.Text("x")), actors.ErrRefused)
	}
}

// TestWhoIsNotLetIn: what is wrong with a user is said when the device opens.
func TestWhoIsNotLetIn(t *testing.T) {
	a := startAgent(t)
	t.Setenv("SNMP_TEST_SHORT", "short")
	const (
		signer = "version=3 user=signer auth=MD5 auth_password="
		aes    = "version=3 user=aes auth=SHA512 auth_password=env:SNMP_TEST_AUTH privacy=AES reply=200ms privacy_password="
		des    = "version=3 user=des auth=SHA auth_password=env:SNMP_TEST_AUTH privacy=DES reply=200ms privacy_password="
	)
	for address, says := range map[string]string{
		"version=3 user=nobody":                     "does not know the user",
		"version=3 user=signer":                     "lets this user read nothing",
		signer + "env:SNMP_TEST_WRONG":              "check auth_password",
		signer + "env:SNMP_TEST_SHORT":              "shorter than 8",
		signer + "env:SNMP_TEST_MISSING":            "env:SNMP_TEST_MISSING is not in the gateway's environment",
		aes + "env:SNMP_TEST_WRONG":                 "wrong privacy_password",
		des + "env:SNMP_TEST_WRONG":                 "wrong privacy_password",
		"community=env:SNMP_TEST_WRONG reply=200ms": "wrong community",
	} {
		err := openOnce(t.Context(), device("host", "agent="+a.at+" "+address, host()...))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", address, err, says)
		}
		if err != nil && (strings.Contains(err.Error(), "wrong-password") || strings.Contains(err.Error(), "auth-password")) {
			t.Errorf("%s: the error tells a secret: %v", address, err)
		}
	}
}

// untilRead polls until a value comes.
func untilRead(t testing.TB, s actors.Session, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, err := s.(actors.Poller).Poll(ctx, []string{name})
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// TestAgentStops: of an agent that stands still nothing is known, and when it goes on, so does the driver.
func TestAgentStops(t *testing.T) {
	a := startAgent(t)
	for way, address := range ways() {
		t.Run(way, func(t *testing.T) {
			s := open(t, device("host", "agent="+a.at+" reply=100ms "+address, host()...))
			untilRead(t, s, "up") // and its clock is known
			a.Pause(t)
			stood := time.Now()
			wantOutcome(t, write(t, s, "contact", roostv1.Text("paused")), errUnknown)
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"up"}); err == nil {
				t.Fatal("an agent that stands still has answered")
			}
			a.Resume(t)
			went := time.Now()
			untilRead(t, s, "contact")
			t.Logf("%s: stood still for %v, read again after %v", way, went.Sub(stood).Round(time.Millisecond), time.Since(went).Round(100*time.Microsecond))
			wantValues(t, s, map[string]string{"contact": "paused"}) // it had been written after all
		})
	}
}

// TestAgentRestarts: the same session reads and writes again once the agent is back, whose engine has started once more.
func TestAgentRestarts(t *testing.T) {
	a := startAgent(t)
	for way, address := range ways() {
		t.Run(way, func(t *testing.T) {
			s := open(t, device("host", "agent="+a.at+" "+address, host()...))
			wantValues(t, s, map[string]string{"none": "NOT_CONNECTED"})
			a.Kill()
			killed := time.Now()
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"up"}); err == nil {
				t.Fatal("an agent that was killed has answered")
			}
			noticed := time.Since(killed)
			a.Restart(t)
			back := time.Now()
			untilRead(t, s, "up")
			t.Logf("%s: missed after %v, read again %v after it was back", way, noticed.Round(100*time.Microsecond), time.Since(back).Round(100*time.Microsecond))
			text := fmt.Sprint("back ", way)
			if err := write(t, s, "contact", roostv1.Text(text)); err != nil {
				t.Error(err)
			}
			wantValues(t, s, map[string]string{"contact": roostv1.Text(text).Format()})
		})
	}
}
