//go:build unix

package main_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// pymodbus is a Modbus server in Python: its units are the devices. It tells each write on its output.
func pymodbus() realPeer {
	return realPeer{
		name: "modbus", needs: []peertest.Part{peertest.Module("pymodbus", "python3-pymodbus")},
		start: func(t *testing.T, devices int) realDevices {
			at := peertest.FreeAddress(t, "tcp")
			p := peertest.Start(t, peertest.Command{
				Name: peertest.Python, Ready: []peertest.Ready{peertest.Listens(at)},
				Args: []string{filepath.Join("..", "..", "actors", "drivers", "modbus", "testdata", "peer.py"), "tcp", peertest.Port(at), fmt.Sprint(devices), "0.03"},
			})
			fleet := &roostv1.Fleet{Profiles: []*roostv1.Profile{addable(map[string]string{"address": "10"}, map[string]string{"address": "11"})}}
			for n := range devices {
				fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
					Id: fmt.Sprintf("m%d", n+1), Profile: "real", Driver: "modbus", PollInterval: durationpb.New(200 * time.Millisecond),
					Address: map[string]string{"tcp": at, "unit": fmt.Sprint(n + 1)},
				})
			}
			return realDevices{fleet: fleet, heard: func(t *testing.T) map[uint64]int {
				return written(t, p.Output(), func(line string) (amount uint64, err error) {
					var unit, address int
					_, err = fmt.Sscanf(line, "wrote %d %d [%d]", &unit, &address, &amount)
					return amount, err
				})
			}}
		},
	}
}
