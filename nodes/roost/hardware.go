package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	hardwareDevices = 12
	hardwareID      = "hardware" // in events
	hardwareWait    = 10 * time.Second
)

// hardware is simulated hardware in a process of its own, for a fleet to which no devices were given.
//
//	<data>/hardware/address     where it listens, in each run
//	<data>/hardware/truth.log   what was done to it in this run, and
//	<data>/hardware/before.log  in the one before
type hardware struct {
	folder   string
	output   io.Writer // for what it complains of
	note     func(id, what string)
	process  *process
	stopping atomic.Bool
}

// known returns the address that the hardware had before; empty: there was none.
func (h *hardware) known() (string, error) {
	address, err := os.ReadFile(filepath.Join(h.folder, "address"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(address)), err
}

// start starts the hardware and returns its address, which is any if none is given.
func (h *hardware) start(ctx context.Context, address string) (string, error) {
	if err := os.MkdirAll(h.folder, 0o700); err != nil {
		return "", fmt.Errorf("make the hardware's folder: %w", err)
	}
	log := filepath.Join(h.folder, "truth.log")
	if err := os.Rename(log, filepath.Join(h.folder, "before.log")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("put the hardware's log aside: %w", err)
	}
	if address == "" {
		address = "127.0.0.1:0"
	}
	ready := &readyWord{word: make(chan string, 1)}
	p, err := startProcess(ready, h.output, "sim", "--log", log, "--listen", address, "--devices", strconv.Itoa(hardwareDevices), "--with-parent")
	if err != nil {
		return "", fmt.Errorf("start the simulated hardware: %w", err)
	}
	h.process = p
	select {
	case address = <-ready.word:
	case <-p.ended:
		return "", &exit{exitUnavailable, fmt.Errorf("the simulated hardware does not start at %s: see above", address)}
	case <-time.After(hardwareWait):
		return "", &exit{exitUnavailable, fmt.Errorf("the simulated hardware is not ready after %v", hardwareWait)}
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	h.note(hardwareID, fmt.Sprintf("simulated hardware is process %d", p.pid()))
	go h.watch() // ends with the process
	return address, os.WriteFile(filepath.Join(h.folder, "address"), []byte(address+"\n"), 0o600)
}

// watch tells when the hardware ends by itself.
func (h *hardware) watch() {
	<-h.process.ended
	if !h.stopping.Load() {
		h.note(hardwareID, fmt.Sprintf("simulated hardware (process %d) ended: %s; its devices are away until roost up is started again",
			h.process.pid(), h.process.outcome()))
	}
}

// stop ends the hardware, if it runs.
func (h *hardware) stop() {
	h.stopping.Store(true)
	if h.process != nil {
		h.process.stop(hardwarePatience)
	}
}

// hardwarePatience is how long the hardware may take to stop, after the gateways.
const hardwarePatience = 500 * time.Millisecond

// fleet are the devices of the hardware at an address.
func (h *hardware) fleet(address string) *roostv1.Fleet {
	fleet := &roostv1.Fleet{}
	for _, d := range sim.Series(hardwareDevices, sim.Device{ID: "rig"}) {
		fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
			Id: d.ID, Profile: rig.ProfileID, Driver: rig.Name,
			PollInterval: durationpb.New(time.Second), Address: map[string]string{"hardware": address},
		})
	}
	return fleet
}

// readyWord waits in what a program says for a line that begins with ready, and hands on the word
// after it.
type readyWord struct {
	line []byte
	word chan string // has room for it
}

func (r *readyWord) Write(data []byte) (int, error) {
	r.line = append(r.line, data...)
	for {
		line, rest, ok := bytes.Cut(r.line, []byte("\n"))
		if !ok {
			return len(data), nil
		}
		if words := strings.Fields(string(line)); len(words) > 1 && words[0] == "ready" {
			select {
			case r.word <- words[1]:
			default: // it was said before
			}
		}
		r.line = rest
	}
}
