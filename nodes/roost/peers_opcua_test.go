//go:build unix

package main_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// nodeOPCUA is a server by node-opcua: the devices are nodes of it. It tells each write on its output.
func nodeOPCUA() realPeer {
	modules := cmp.Or(os.Getenv("ROOST_NODE_MODULES"), "node_modules")
	return realPeer{
		name: "opcua", needs: []peertest.Part{
			peertest.Program("node", "nodejs"),
			peertest.File(filepath.Join(modules, "node-opcua"), "npm install node-opcua, and ROOST_NODE_MODULES names its node_modules"),
		},
		start: func(t *testing.T, devices int) realDevices {
			at := peertest.FreeAddress(t, "tcp")
			p := peertest.Start(t, peertest.Command{
				Name: "node", Args: []string{filepath.Join("testdata", "opcua_server.js"), peertest.Port(at), t.TempDir(), fmt.Sprint(devices), "30"},
				Ready: []peertest.Ready{peertest.Says("ready")}, Patience: 2 * time.Minute, // it reads the address space of the specification
			})
			fleet := &roostv1.Fleet{}
			for n := range devices {
				profile := addable(map[string]string{"node": fmt.Sprintf("ns=2;s=Level%d", n+1)}, map[string]string{"node": fmt.Sprintf("ns=2;s=Add%d", n+1)})
				profile.Id = fmt.Sprintf("plc-%d", n+1)
				fleet.Profiles = append(fleet.Profiles, profile)
				fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
					Id: profile.Id, Profile: profile.Id, Driver: "opcua", PollInterval: durationpb.New(200 * time.Millisecond),
					Address: map[string]string{"endpoint": "opc.tcp://" + at + "/plant"},
				})
			}
			return realDevices{fleet: fleet, heard: func(t *testing.T) map[uint64]int {
				return written(t, p.Output(), func(line string) (amount uint64, err error) {
					var device int
					_, err = fmt.Sscanf(line, "wrote %d %d", &device, &amount)
					return amount, err
				})
			}}
		},
	}
}
