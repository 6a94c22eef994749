//go:build unix

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// snmpd is net-snmp's agent. A script behind it has an object for each device, and writes down what is set.
func snmpd() realPeer {
	const base = ".1.3.6.1.4.1.8072.9999.9999"
	return realPeer{
		name: "snmp", needs: []peertest.Part{peertest.Program("snmpd", "snmpd"), peertest.File(peertest.Python, "Debian package python3")},
		start: func(t *testing.T, devices int) realDevices {
			script, err := filepath.Abs(filepath.Join("testdata", "snmp_objects.py"))
			if err != nil {
				t.Fatal(err)
			}
			folder, at := t.TempDir(), peertest.FreeAddress(t, "udp")
			config, log := filepath.Join(folder, "snmpd.conf"), filepath.Join(folder, "log")
			text := fmt.Sprintf("rwcommunity public 127.0.0.1\npass_persist %s %s %s %s %s 0.03\n", base, peertest.Python, script, base, log)
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			peertest.Start(t, peertest.Command{
				Name: "snmpd", Args: []string{"-f", "-Lo", "-C", "-c", config, "udp:" + at}, Env: []string{"SNMP_PERSISTENT_DIR=" + folder, "MIBS="},
				Ready: []peertest.Ready{peertest.Says("NET-SNMP version")},
			})
			fleet := &roostv1.Fleet{}
			for n := range devices {
				p := addable(map[string]string{"oid": "1.3.6.1.2.1.1.3.0"}, map[string]string{"oid": fmt.Sprintf("%s.%d.0", base[1:], n+1)})
				p.Id = fmt.Sprintf("agent-%d", n+1)
				fleet.Profiles = append(fleet.Profiles, p)
				fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
					Id: p.Id, Profile: p.Id, Driver: "snmp", PollInterval: durationpb.New(200 * time.Millisecond), Address: map[string]string{"agent": at},
				})
			}
			return realDevices{fleet: fleet, heard: func(t *testing.T) map[uint64]int {
				told, err := os.ReadFile(log)
				if err != nil && !os.IsNotExist(err) { // the script is started when it is needed
					t.Fatal(err)
				}
				return written(t, string(told), func(line string) (amount uint64, err error) {
					var oid string
					_, err = fmt.Sscanf(line, "wrote %s %d", &oid, &amount)
					return amount, err
				})
			}}
		},
	}
}
