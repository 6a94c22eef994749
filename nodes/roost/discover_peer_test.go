package main_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Here the devices are programs that nobody here wrote. What each of them has is tested where it is looked for; here, that roost prints it.

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantFleet reads what was printed, which no secret is in.
func wantFleet(t *testing.T, got result, driver string) *roostv1.Fleet {
	t.Helper()
	if got.code != 0 || strings.Contains(got.out+got.err, "hunter2") {
		t.Fatalf("%+v", got)
	}
	fleet, err := fleetfile.Parse("printed", []byte(got.out), roostv1.WithDrivers(driver))
	if err != nil || len(fleet.Devices) != 1 {
		t.Fatalf("%v\n%s", err, got.out)
	}
	return fleet
}

func TestDiscoverAgent(t *testing.T) {
	peertest.Need(t, peertest.Program("snmpd", "snmpd"))
	at := peertest.FreeAddress(t, "udp")
	peertest.Start(t, peertest.Command{
		Name: "snmpd", Args: []string{"-f", "-Lo", "-C", "-c", writeConfig(t, "rocommunity hunter2 127.0.0.1\nsysName here\n"), "udp:" + at},
		Env: []string{"SNMP_PERSISTENT_DIR=" + t.TempDir(), "MIBS=", "DISCOVER_TEST=hunter2"},
		Ready: []peertest.Ready{peertest.Answers(func(ctx context.Context) error {
			t.Setenv("DISCOVER_TEST", "hunter2")
			_, err := snmp.Look(ctx, map[string]string{"agent": at, "community": "env:DISCOVER_TEST", "reply": "200ms"})
			return err
		})},
	})
	_, port, _ := net.SplitHostPort(at)
	fleet := wantFleet(t, runIn(t, []string{"DISCOVER_TEST=hunter2"}, "discover", "snmp", "127.0.0.1", "--port", port, "--community", "env:DISCOVER_TEST"), "snmp")
	d := fleet.Devices[0]
	if d.Id != "here" || d.Address["community"] != "env:DISCOVER_TEST" || d.Address["agent"] != at || len(fleet.Profiles[0].Resources) < 5 {
		t.Errorf("device %v with %d resources", d, len(fleet.Profiles[0].Resources))
	}
}

func TestDiscoverBroker(t *testing.T) {
	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"))
	at := peertest.FreeAddress(t, "tcp")
	_, port, _ := net.SplitHostPort(at)
	config := writeConfig(t, "user root\nallow_anonymous true\nlistener "+port+" 127.0.0.1\n")
	peertest.Start(t, peertest.Command{Name: "mosquitto", Args: []string{"-c", config}, Ready: []peertest.Ready{peertest.Listens(at)}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for topic, payload := range map[string]string{"tele/plug/LWT": "Online", "tele/plug/SENSOR": `{"ENERGY":{"Power":12.5}}`} {
		args := []string{"-h", "127.0.0.1", "-p", port, "-q", "1", "-r", "-t", topic, "-m", payload}
		if out, err := exec.CommandContext(ctx, "mosquitto_pub", args...).CombinedOutput(); err != nil {
			t.Fatalf("publish: %v\n%s", err, out)
		}
	}
	got := runIn(t, []string{"DISCOVER_TEST=hunter2"}, "discover", "mqtt", at, "--username", "x", "--password", "env:DISCOVER_TEST", "--for", "1s")
	fleet := wantFleet(t, got, "mqtt")
	d := fleet.Devices[0]
	if d.Id != "plug" || d.Address["presence"] != "tele/{name}/LWT" || fleet.Profiles[0].Resources[0].Protocol["json"] != "$.ENERGY.Power" {
		t.Errorf("device %v, profile %v", d, fleet.Profiles[0])
	}
	if !strings.Contains(got.out, "# was 12.5\n") || !strings.Contains(got.out, "# It looks like Tasmota.") {
		t.Errorf("the file says\n%s", got.out)
	}
	got = run(t, "discover", "mqtt", at, "--topic", "nobody/says", "--for", "200ms")
	if got.code != 69 || got.out != "" || !strings.Contains(got.err, "roost: nothing was found: 0 messages in 200ms") {
		t.Errorf("nothing to hear: %+v", got)
	}
}
