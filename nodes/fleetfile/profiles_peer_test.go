package fleetfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The products of the profiles are played by programs that nobody here wrote, with what their manuals say that they have.

// product returns the device of a profile's file, with another address.
func product(t *testing.T, file string, address map[string]string) actors.Device {
	t.Helper()
	fleet, err := fleetfile.Read(filepath.Join("../../actors/drivers", file))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range address {
		fleet.Devices[0].Address[key] = value
	}
	return actors.Device{Spec: fleet.Devices[0], Profile: fleet.Profiles[0]}
}

// upsConfig is an agent with the objects of a power supply: type and value of each.
const upsConfig = `rwcommunity private 127.0.0.1
override 1.3.6.1.2.1.33.1.1.1.0 octet_str "Acme"
override 1.3.6.1.2.1.33.1.1.2.0 octet_str "UPS 1000"
override 1.3.6.1.2.1.33.1.2.1.0 integer 3
override 1.3.6.1.2.1.33.1.2.2.0 integer 42
override 1.3.6.1.2.1.33.1.2.3.0 integer 17
override 1.3.6.1.2.1.33.1.2.4.0 integer 55
override 1.3.6.1.2.1.33.1.2.5.0 integer 268
override 1.3.6.1.2.1.33.1.2.7.0 integer -3
override 1.3.6.1.2.1.33.1.3.1.0 counter 9
override 1.3.6.1.2.1.33.1.3.3.1.2.1 integer 502
override 1.3.6.1.2.1.33.1.3.3.1.3.1 integer 229
override 1.3.6.1.2.1.33.1.4.1.0 integer 5
override 1.3.6.1.2.1.33.1.4.2.0 integer 500
override 1.3.6.1.2.1.33.1.4.4.1.2.1 integer 230
override 1.3.6.1.2.1.33.1.4.4.1.3.1 integer 15
override 1.3.6.1.2.1.33.1.4.4.1.4.1 integer 345
override 1.3.6.1.2.1.33.1.4.4.1.5.1 integer 35
override 1.3.6.1.2.1.33.1.6.1.0 uinteger 2
override -rw 1.3.6.1.2.1.33.1.9.8.0 integer 2
`

// TestPowerSupply: the profile of power supplies reads all of what RFC 1628 has, and mutes the buzzer.
func TestPowerSupply(t *testing.T) {
	peertest.Need(t, peertest.Program("snmpd", "snmpd"))
	t.Setenv("ROOST_SECRET_UPS_COMMUNITY", "private")
	config := filepath.Join(t.TempDir(), "agent.conf")
	if err := os.WriteFile(config, []byte(upsConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	at := peertest.FreeAddress(t, "udp")
	address := map[string]string{"agent": at, "community": "env:ROOST_SECRET_UPS_COMMUNITY"}
	peertest.Start(t, peertest.Command{
		Name: "snmpd", Args: []string{"-f", "-Lo", "-C", "-c", config, "udp:" + at}, Env: []string{"SNMP_PERSISTENT_DIR=" + t.TempDir(), "MIBS="},
		Ready: []peertest.Ready{peertest.Answers(func(ctx context.Context) error {
			_, err := snmp.Look(ctx, address)
			return err
		})},
	})
	d := product(t, "snmp/profiles/ups.yaml", address)
	s, err := (&snmp.Driver{Secrets: keys.Anywhere}).Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	mute := actors.Action{Resource: "buzzer", Value: roostv1.Text("muted")}
	if _, err := s.(actors.Actuator).Actuate(t.Context(), mute); err != nil {
		t.Error(err)
	}
	got := drivertest.Values(t, &snmp.Driver{Secrets: keys.Anywhere}, d)
	want := map[string]string{
		"manufacturer": "Acme", "model": "UPS 1000", "battery-status": "low", "on-battery": "42", "runtime": "17", "charge": "55", "battery-voltage": "26.8",
		"battery-temperature": "-3", "line-failures": "9", "input-frequency": "50.2", "input-voltage": "229", "output-source": "battery", "output-frequency": "50",
		"output-voltage": "230", "output-current": "1.5", "output-power": "345", "load": "35", "alarms": "2", "buzzer": "muted",
	}
	if diff := cmp.Diff(want, got, cmp.Transformer("", func(s string) string { return strings.Trim(s, `"`) })); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestPlug: the profile of a Tasmota plug takes what such a plug publishes, and its order is what the plug is told.
func TestPlug(t *testing.T) {
	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"))
	at := peertest.FreeAddress(t, "tcp")
	config := filepath.Join(t.TempDir(), "broker.conf")
	text := fmt.Sprintf("user root\nallow_anonymous true\nlistener %s 127.0.0.1\n", peertest.Port(at))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Start(t, peertest.Command{Name: "mosquitto", Args: []string{"-c", config}, Ready: []peertest.Ready{peertest.Listens(at)}})
	told := peertest.Start(t, peertest.Command{Name: "mosquitto_sub", Args: []string{"-h", "127.0.0.1", "-p", peertest.Port(at), "-v", "-t", "cmnd/#", "-t", "ready"}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	publish := func(topic, payload string) {
		args := []string{"-h", "127.0.0.1", "-p", peertest.Port(at), "-q", "1", "-r", "-t", topic, "-m", payload}
		if out, err := exec.CommandContext(ctx, "mosquitto_pub", args...).CombinedOutput(); err != nil {
			t.Fatalf("publish to %s: %v\n%s", topic, err, out)
		}
	}
	publish("ready", "yes")
	told.Wait(t, "ready yes")
	publish("tele/tasmota_A1B2C3/LWT", "Online")
	publish("tele/tasmota_A1B2C3/STATE", `{"Time":"2026-11-26T09:00:00","POWER":"ON","Wifi":{"RSSI":64}}`)
	publish("tele/tasmota_A1B2C3/SENSOR", `{"Time":"2026-11-26T09:00:00","ENERGY":{"Total":12.5,"Power":60,"Factor":0.98,"Voltage":231,"Current":0.26}}`)
	publish("stat/tasmota_A1B2C3/POWER", "ON")
	s, err := (&mqtt.Driver{Gateway: "gw"}).Open(ctx, product(t, "mqtt/profiles/tasmota-plug.yaml", map[string]string{"broker": "tcp://" + at}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if _, err := s.(actors.Actuator).Actuate(ctx, actors.Action{Resource: "relay", Value: roostv1.Bool(false)}); err != nil {
		t.Error(err)
	}
	told.Wait(t, "cmnd/tasmota_A1B2C3/POWER OFF")
	want := map[string]string{
		"power": "60", "voltage": "231", "current": "0.26", "power-factor": "0.98", "energy": "12.5", "signal": "64", "relay": "true",
	}
	if diff := cmp.Diff(want, pushed(ctx, t, s.(actors.Pusher), len(want))); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// pushed returns the first values of so many resources.
func pushed(ctx context.Context, t *testing.T, p actors.Pusher, resources int) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sink := &firstValues{values: map[string]string{}, most: resources, complete: cancel}
	if err := p.Push(ctx, sink); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return sink.values
}

// firstValues takes values until there is one of each resource.
type firstValues struct {
	mu       sync.Mutex
	values   map[string]string
	most     int
	complete func()
}

func (f *firstValues) Emit(samples ...actors.Sample) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range samples {
		if s.Value != nil {
			f.values[s.Resource] = s.Value.Format()
		}
	}
	if len(f.values) == f.most {
		f.complete()
	}
	return nil
}

func (f *firstValues) Deliver(_ context.Context, samples ...actors.Sample) error {
	return f.Emit(samples...)
}
