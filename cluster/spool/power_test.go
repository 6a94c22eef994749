//go:build linux

package spool_test

import (
	"path/filepath"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
)

const powerCuts = 6

// TestPowerCut cuts the power of the gateway's disk at arbitrary moments, the first time right after it was made. The hub is
// away, so that nobody else has the readings, but for the last time. Everything that was said to be durable comes to it.
func TestPowerCut(t *testing.T) {
	disk := clustertest.NewPowerDisk(t)
	site := newSite(t, clustertest.StartProcess(t))
	plan := childPlan{Folder: filepath.Join(disk.Dir(), "spool"), Hub: site.hub.URL(), Devices: 8, Epoch: 5}
	acked := map[string]uint64{}
	for i := range powerCuts {
		if away := i < powerCuts-1; away {
			site.hub.Kill()
		} else {
			site.hub.Restart()
		}
		c := startChild(t, plan, acked)
		<-moment()
		clustertest.Halt(t, c.cmd.Process)
		disk.Cut()
		c.kill()
		disk.Again()
	}
	site.hub.Restart()
	s, stop := open(t, site.config(plan.Folder))
	sent(t, s)
	stop()
	t.Logf("%d power cuts: %d readings stored", powerCuts, check(t, site.hub, acked))
}
