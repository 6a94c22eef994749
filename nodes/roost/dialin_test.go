package main_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// numbered is a device that dials in at an address, and sends numbers.
const numbered = `
profiles:
  - {id: counter, resources: [{name: n, type: uint, access: read, protocol: {topic: d/n}}]}
devices:
  - {id: d, profile: counter, driver: mqttd, address: {listen: %q, sleepy: true}}
`

// TestAcknowledgedToADeviceIsKept: a device sends numbers at QoS 1, and forgets each that is acknowledged. The program is killed meanwhile, and
// started again. When all are acknowledged, all are stored.
func TestAcknowledgedToADeviceIsKept(t *testing.T) {
	peertest.Need(t, peertest.Program("mosquitto_pub", "mosquitto-clients"), peertest.Program("stdbuf", "coreutils"))
	const many = 20000 // and fewer than MQTT has ids, so that the id of a message is its number
	at := peertest.FreeAddress(t, "tcp")
	fleet := write(t, fmt.Sprintf(numbered, at))
	first := up(t, "", "--fleet", fleet).drain()
	device := peertest.Start(t, peertest.Command{Name: "sh", Args: []string{"-c", fmt.Sprintf(
		"seq %d | stdbuf -oL mosquitto_pub -l -d -i d -t d/n -q 1 -p %s", many, peertest.Port(at))}})
	device.Wait(t, "PUBACK (Mid: 300,")
	first.signal(t, syscall.SIGKILL)
	killed := time.Now()
	before := strings.Count(device.Output(), "PUBACK (")
	again := up(t, first.data, "--fleet", fleet).drain()
	device.Wait(t, fmt.Sprintf("PUBACK (Mid: %d,", many))
	took := time.Since(killed)
	got := again.run("readings", "d", "--json", "--limit", fmt.Sprint(2*many))
	stored := map[uint64]int{}
	for _, b := range batches(t, got) {
		for _, r := range b.Readings {
			stored[r.GetValue().GetUint()]++
		}
	}
	var lost []uint64
	twice := 0
	for n := uint64(1); n <= many; n++ {
		switch stored[n] {
		case 0:
			lost = append(lost, n)
		case 1:
		default:
			twice++
		}
	}
	if len(lost) > 0 {
		t.Errorf("%d were acknowledged and are not stored, the first of them %d", len(lost), lost[0])
	}
	if before >= many {
		t.Errorf("all %d were acknowledged before the program was killed: this says nothing", before)
	}
	t.Logf("%d were acknowledged when it was killed, all others within %v; %d are stored twice", before, took.Round(time.Millisecond), twice)
}
