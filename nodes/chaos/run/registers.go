package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
)

// registerClients use what is desired of the first registerDevices devices, and look at who owns them.
const registerClients, registerDevices = 4, 3

// startRegisters has registers used until ctx ends.
func (r *running) startRegisters(ctx context.Context, devices []string) error {
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return err
	}
	for i := range registerClients {
		name := load.RegisterClientName(i)
		writer, err := r.recorders.open(history.Header{Name: name})
		if err != nil {
			return err
		}
		nc, err := r.fleet.Dial(ctx, "roost chaos "+name)
		if err != nil {
			return err
		}
		client, err := cluster.NewClient(nc, fleet.Name)
		if err != nil {
			nc.Close()
			return err
		}
		c := load.NewRegisterClient(load.RegisterConfig{
			Number: i, Seed: r.Plan.Seed, Devices: devices[:min(registerDevices, len(devices))],
			Fleet: client, Conn: nc, Names: names, History: writer, Clock: r.recorders.clock,
		})
		r.clients.Go(func() {
			defer nc.Close()
			c.Run(ctx)
		})
	}
	return nil
}

// drawRegisters draws each register that was used, with the faults beside it, and returns the files, by name.
func drawRegisters(h *history.History, folder string) (files []string, err error) {
	for _, key := range check.Registers(h) {
		var page bytes.Buffer
		name := fmt.Sprintf("porcupine-%s.html", key)
		failed := check.DrawRegister(h, key, &page)
		if failed == nil {
			failed = os.WriteFile(filepath.Join(folder, name), page.Bytes(), 0o644)
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		files = append(files, name)
	}
	return files, err
}
