//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// mosquitto is a broker, at which mosquitto_sub is all devices: it tells each message that they get.
func mosquitto() realPeer {
	return realPeer{
		name: "mqtt", needs: []peertest.Part{
			peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"), peertest.Program("mosquitto_sub", "mosquitto-clients"),
		},
		start: func(t *testing.T, devices int) realDevices {
			at, config := peertest.FreeAddress(t, "tcp"), filepath.Join(t.TempDir(), "mosquitto.conf")
			text := fmt.Sprintf("user root\nlistener %s 127.0.0.1\nallow_anonymous true\nlog_type subscribe\n", peertest.Port(at))
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			broker := peertest.Start(t, peertest.Command{Name: "mosquitto", Args: []string{"-c", config}, Ready: []peertest.Ready{peertest.Listens(at)}})
			ears := peertest.Start(t, peertest.Command{
				Name: "mosquitto_sub", Args: []string{"-h", "127.0.0.1", "-p", peertest.Port(at), "-q", "1", "-t", "plant/+/add", "-F", "wrote %p"},
			})
			broker.Wait(t, "1 plant/+/add") // it has subscribed
			profile := addable(map[string]string{"topic": "{base}/level", "retained": "good"}, map[string]string{"write_topic": "{base}/add"})
			fleet := sameDevices(devices, "mqtt", profile, map[string]string{"broker": "tcp://" + at, "base": "plant/{name}"})
			for _, d := range fleet.Devices {
				say := exec.CommandContext(t.Context(), "mosquitto_pub", "-h", "127.0.0.1", "-p", peertest.Port(at), "-q", "1", "-r", "-t", "plant/"+d.Id+"/level", "-m", "7")
				if out, err := say.CombinedOutput(); err != nil {
					t.Fatalf("mosquitto_pub: %v\n%s", err, out)
				}
			}
			return realDevices{fleet: fleet, quick: broker, heard: func(t *testing.T) map[uint64]int {
				return written(t, ears.Output(), func(line string) (amount uint64, err error) {
					_, err = fmt.Sscanf(line, "wrote %d", &amount)
					return amount, err
				})
			}}
		},
	}
}
