package findsnmp_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findsnmp"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	driverkeys "github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The agent here is net-snmp's snmpd, which nobody here wrote, with the objects of a small power supply beside its own.
const agentConfig = `
rocommunity public 127.0.0.1
createUser looker SHA-256 "auth-password" AES "priv-password"
rouser looker priv
sysName "ups-cellar"
sysDescr A power supply: #1
sysObjectID 1.3.6.1.4.1.318.1.3.2
override 1.3.6.1.2.1.33.1.2.1.0 integer 2
override 1.3.6.1.2.1.33.1.2.4.0 integer 97
override 1.3.6.1.2.1.33.1.2.5.0 integer 273
override 1.3.6.1.2.1.33.1.4.1.0 integer 3
override 1.3.6.1.2.1.33.1.4.4.1.5.1 integer 20
override 1.3.6.1.2.1.33.1.4.4.1.5.2 integer 30
`

func startAgent(t *testing.T) (port uint16) {
	t.Helper()
	peertest.Need(t, peertest.Program("snmpd", "snmpd"))
	folder := t.TempDir()
	config := filepath.Join(folder, "agent.conf")
	if err := os.WriteFile(config, []byte(agentConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	at := peertest.FreeAddress(t, "udp")
	peertest.Start(t, peertest.Command{
		Name: "snmpd", Args: []string{"-f", "-Lo", "-C", "-c", config, "udp:" + at},
		Env: []string{"SNMP_PERSISTENT_DIR=" + filepath.Join(folder, "kept"), "MIBS="},
		Ready: []peertest.Ready{peertest.Answers(func(ctx context.Context) error {
			_, err := snmp.Look(ctx, map[string]string{"agent": at, "reply": "200ms", "retries": "0"})
			return err
		})},
	})
	return netip.MustParseAddrPort(at).Port()
}

func find(ctx context.Context, t *testing.T, port uint16, keys map[string]string) ([]findsnmp.Agent, discover.Progress, error) {
	t.Helper()
	reach, err := discover.ParseReach(ctx, []string{"127.0.0.1-127.0.0.3"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return findsnmp.Find(ctx, findsnmp.Config{
		Reach: reach, Port: port, Keys: keys, Pace: discover.Pace{Rate: 100, AtOnce: 4},
	})
}

// TestPeer: the agent is found, with what it has, by every version, and its driver reads all of that.
func TestPeer(t *testing.T) {
	port := startAgent(t)
	t.Setenv("FIND_TEST_AUTH", "auth-password")
	t.Setenv("FIND_TEST_PRIVACY", "priv-password")
	for name, keys := range map[string]map[string]string{
		"v1": {"version": "1"}, "v2c": {},
		"v3": {"version": "3", "user": "looker", "auth": "SHA256", "auth_password": "env:FIND_TEST_AUTH", "privacy": "AES", "privacy_password": "env:FIND_TEST_PRIVACY"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			keys["retries"], keys["reply"] = "0", "1s"
			agents, progress, err := find(t.Context(), t, port, keys)
			if err != nil || len(agents) != 1 || progress.Done != 3 {
				t.Fatalf("found %v, %+v, %v", agents, progress, err)
			}
			t.Logf("%s: an agent with %d resources among 3 addresses in %v", name, len(agents[0].Found.Candidates), time.Since(began).Round(time.Millisecond))
			d := findsnmp.Draft(agents)
			if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			spec, profile := d.Fleet.Devices[0], d.Fleet.Profiles[0]
			if spec.Id != "ups-cellar" || profile.Id != "snmp-ups" {
				t.Errorf("device %s of profile %s", spec.Id, profile.Id)
			}
			if note := d.Note(spec); !strings.Contains(note, "A power supply: #1") || !strings.Contains(note, "318.1.3.2 (APC)") {
				t.Errorf("note: %s", note)
			}
			values := drivertest.Values(t, &snmp.Driver{Secrets: driverkeys.Anywhere}, actors.Device{Spec: spec, Profile: profile})
			for resource, want := range map[string]string{
				"ups.battery_status": "normal", "ups.charge": "97", "ups.battery_voltage": "27.3", "ups.output_source": "normal", "ups.output.1.load": "20",
				"ups.output.2.load": "30", "if.lo.status": "up",
			} {
				if values[resource] != want {
					t.Errorf("%s is %q, want %q", resource, values[resource], want)
				}
			}
		})
	}
}

// TestNobody: who does not answer is not found, and whoever looks without the right to is told nothing else.
func TestNobody(t *testing.T) {
	t.Setenv("FIND_TEST_COMMUNITY", "wrong")
	agents, progress, err := find(t.Context(), t, startAgent(t), map[string]string{"community": "env:FIND_TEST_COMMUNITY", "retries": "0", "reply": "50ms"})
	if err != nil || len(agents) > 0 || progress.Done != 3 {
		t.Errorf("found %v, %+v, %v", agents, progress, err)
	}
}

// TestKeys: what is wrong with the keys, or where secrets should be, is told before anybody is asked.
func TestKeys(t *testing.T) {
	for _, keys := range []map[string]string{{"community": "secret"}, {"version": "4"}, {"community": "env:FIND_TEST_NOT_THERE"}, {"user": "x"}} {
		if _, progress, err := find(t.Context(), t, 161, keys); err == nil || progress.Done > 0 {
			t.Errorf("%v: %v, %+v", keys, err, progress)
		}
	}
}
