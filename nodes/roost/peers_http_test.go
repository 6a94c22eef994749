//go:build unix

package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// httpServer is Python's own HTTP server with a JSON API: all devices are the same. It notes each write in a file.
func httpServer() realPeer {
	return realPeer{
		name: "http", needs: []peertest.Part{peertest.Program("python3", "python3")},
		start: func(t *testing.T, devices int) realDevices {
			at, log := peertest.FreeAddress(t, "tcp"), filepath.Join(t.TempDir(), "writes")
			host, port, err := net.SplitHostPort(at)
			if err != nil {
				t.Fatal(err)
			}
			p := peertest.Start(t, peertest.Command{
				Name: "python3", Ready: []peertest.Ready{peertest.Listens(at)},
				Args: []string{filepath.Join("..", "..", "actors", "drivers", "http", "testdata", "peer.py"), host, port, log},
			})
			profile := addable(map[string]string{"path": "/level"}, map[string]string{"write_path": "/add"})
			return realDevices{
				fleet: sameDevices(devices, "http", profile, map[string]string{"url": "http://" + at}),
				heard: func(t *testing.T) map[uint64]int { return noted(t, log) },
				quick: p,
			}
		},
	}
}

// adder is a driver in the shell that notes each amount in a file, and is slow to answer then.
const adder = `#!/bin/sh
while read -r question; do
	id=${question#*'"id":'} id=${id%%,*}
	case $question in
	'{"op":"write",'*) amount=${question#*'"value":'}; echo "add ${amount%%,*}" >>"$1"; sleep 0.03; echo "{\"id\":$id,\"ok\":true}" ;;
	*) echo "{\"id\":$id,\"values\":{\"level\":1}}" ;;
	esac
done
`

// shellPrograms are drivers in the shell, one for each device.
func shellPrograms() realPeer {
	return realPeer{
		name: "exec", needs: []peertest.Part{peertest.Program("sh", "dash")},
		start: func(t *testing.T, devices int) realDevices {
			folder := t.TempDir()
			program, log := filepath.Join(folder, "adder"), filepath.Join(folder, "writes")
			if err := os.WriteFile(program, []byte(adder), 0o755); err != nil {
				t.Fatal(err)
			}
			return realDevices{
				fleet: sameDevices(devices, "exec", addable(nil, nil), map[string]string{"program": "adder", "arg1": log}),
				args:  []string{"--exec-allow", folder},
				heard: func(t *testing.T) map[uint64]int { return noted(t, log) },
			}
		},
	}
}

// sameDevices returns so many devices with the same address.
func sameDevices(n int, driver string, profile *roostv1.Profile, address map[string]string) *roostv1.Fleet {
	fleet := &roostv1.Fleet{Profiles: []*roostv1.Profile{profile}}
	for i := range n {
		fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
			Id: fmt.Sprintf("%s-%d", driver, i+1), Profile: profile.Id, Driver: driver, PollInterval: durationpb.New(200 * time.Millisecond), Address: address,
		})
	}
	return fleet
}

// noted reads a file that has a line for each write, which ends with the amount.
func noted(t *testing.T, path string) map[uint64]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	heard := map[uint64]int{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if !strings.HasSuffix(line, "\n") || len(words) == 0 {
			continue // it is being written
		}
		amount, err := strconv.ParseUint(words[len(words)-1], 10, 64)
		if err != nil {
			t.Fatalf("the peer has noted %q: %v", line, err)
		}
		heard[amount]++
	}
	return heard
}
