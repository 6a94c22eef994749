package findmqtt_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/discover/findmqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// house is what a house says within a minute.
const house = `
tele/plug/LWT Online
tele/plug/STATE {"Time":"2026-11-26T09:00:00","Uptime":"0T01:00:12","POWER":"ON","Wifi":{"RSSI":64,"SSId":"x"}}
tele/plug/SENSOR {"Time":"2026-11-26T09:00:00","ENERGY":{"Power":12,"Voltage":231,"Factor":0.98,"Today":null}}
cmnd/plug/POWER ON
stat/plug/RESULT {"POWER":"ON"}
stat/plug/POWER ON
tele/lamp/LWT Offline
porch/status online
porch/sensor/temperature/state 21.4
porch/binary_sensor/door/state OFF
porch/debug [I][app:100]: boot
zigbee2mqtt/bridge/info {"version":"1"}
zigbee2mqtt/kitchen {"temperature":21.5,"contact":true,"linkquality":100}
zigbee2mqtt/kitchen/availability online
zigbee2mqtt/attic {"temperature":18,"contact":false,"linkquality":87}
homeassistant/sensor/x/config {"name":"x"}
plant/boiler/pressure 1.8
plant/boiler/pump on
plant/boiler/mode eco
plant/boiler/mode 3
plant/tank {"level":{"now":3.5},"odd key":"a","list":[1,2]}
hello world
`

func hear(t *testing.T, text string) *findmqtt.Messages {
	t.Helper()
	h := new(findmqtt.Messages)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		topic, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		h.Add(topic, []byte(payload), topic == "tele/plug/LWT")
	}
	return h
}

// TestHouse: what a house says makes devices, each with what is its own.
func TestHouse(t *testing.T) {
	h := hear(t, house)
	d := h.Draft(map[string]string{"broker": "tcp://localhost:1883"}, 0)
	if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	profiles := map[string]*roostv1.Profile{}
	for _, p := range d.Fleet.Profiles {
		profiles[p.Id] = p
	}
	got := map[string][]string{}
	for _, spec := range d.Fleet.Devices {
		lines := []string{spec.Profile + " base=" + spec.Address["base"] + " name=" + spec.Address["name"] + " presence=" + spec.Address["presence"]}
		for _, r := range profiles[spec.Profile].Resources {
			lines = append(lines, r.Name+" "+r.Type.Word()+" "+r.Protocol["topic"]+" "+r.Protocol["json"])
		}
		got[spec.Id] = lines
	}
	zigbee := []string{
		"contact BOOL {base} $.contact", "linkquality DOUBLE {base} $.linkquality", "temperature DOUBLE {base} $.temperature",
	}
	want := map[string][]string{
		"plug": {
			"mqtt-tasmota base= name=plug presence=tele/{name}/LWT",
			"POWER BOOL stat/{name}/POWER ",
			"ENERGY-Factor DOUBLE tele/{name}/SENSOR $.ENERGY.Factor", "ENERGY-Power DOUBLE tele/{name}/SENSOR $.ENERGY.Power",
			"ENERGY-Voltage DOUBLE tele/{name}/SENSOR $.ENERGY.Voltage", "Time STRING tele/{name}/SENSOR $.Time",
			"STATE-POWER BOOL tele/{name}/STATE $.POWER", "STATE-Time STRING tele/{name}/STATE $.Time", "STATE-Uptime STRING tele/{name}/STATE $.Uptime",
			"STATE-Wifi-RSSI DOUBLE tele/{name}/STATE $.Wifi.RSSI", "STATE-Wifi-SSId STRING tele/{name}/STATE $.Wifi.SSId",
		},
		"porch": {
			"mqtt-esphome base=porch name= presence={base}/status",
			"binary_sensor-door BOOL {base}/binary_sensor/door/state ", "sensor-temperature DOUBLE {base}/sensor/temperature/state ",
		},
		"zigbee2mqtt-attic":   append([]string{"mqtt-zigbee2mqtt base=zigbee2mqtt/attic name= presence="}, zigbee...),
		"zigbee2mqtt-kitchen": append([]string{"mqtt-zigbee2mqtt base=zigbee2mqtt/kitchen name= presence={base}/availability"}, zigbee...),
		"plant-boiler": {
			"mqtt-boiler base=plant/boiler name= presence=", "mode STRING {base}/mode ", "pressure DOUBLE {base}/pressure ", "pump BOOL {base}/pump ",
		},
		"plant-tank": {
			"mqtt-tank base=plant/tank name= presence=", "level-now DOUBLE {base} $.level.now", "list-0 DOUBLE {base} $.list[0]", "list-1 DOUBLE {base} $.list[1]",
			`odd-key STRING {base} $["odd key"]`,
		},
		"hello": {"mqtt-hello base=hello name= presence=", "hello STRING {base} "},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	for _, r := range profiles["mqtt-boiler"].Resources {
		if r.Name == "pressure" && d.Note(r) != "was 1.8" {
			t.Errorf("note of pressure: %q", d.Note(r))
		}
	}
	checkWithDriver(t, d)
}

// TestLevels: who knows better says how many levels make a device.
func TestLevels(t *testing.T) {
	d := hear(t, house).Draft(map[string]string{"broker": "tcp://localhost:1883"}, 1)
	var ids []string
	for _, spec := range d.Fleet.Devices {
		ids = append(ids, spec.Id)
	}
	want := []string{"cmnd", "hello", "homeassistant", "plant", "porch", "stat", "tele", "zigbee2mqtt"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	checkWithDriver(t, d)
}

// TestHostile: whatever comes at whatever topic, a fleet is made of it that can be read.
func TestHostile(t *testing.T) {
	h := new(findmqtt.Messages)
	for _, topic := range []string{"", "/", "//", "a//b", "a/", "$SYS/x", "a/{b}", "a/+/b", "#", "a\x00b", "\xff", "ä/ö", strings.Repeat("x/", 500), "tele/a/b", "tele//LWT", "tele/x y/SENSOR", "a/state"} {
		for _, payload := range []string{
			"", "null", "{", "{}", `{"":1}`, `{"a":{}}`, `{"a":1,"a":"b"}`, `{"a":1e999}`, `{"it's":1,"a\"b":2,"\u0000":3}`, "\xff\x00", strings.Repeat("[", 100000),
			`{"a":` + strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 51), strings.Repeat("9", 70000), "0x10", "NaN", "-1e3", `{"a":1} x`,
		} {
			h.Add(topic, []byte(payload), false)
		}
	}
	d := h.Draft(map[string]string{"broker": "tcp://localhost:1883"}, 0)
	if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 || d.Empty() {
		t.Errorf("problems: %v", problems)
	}
	checkWithDriver(t, d)
	if h.Left == 0 {
		t.Error("topics that no fleet file can name are not counted")
	}
}
