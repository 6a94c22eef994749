package fault_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestMemoryOutlivesTheGateway: as on a disk, what a gateway has in memory is there when it starts again after a kill, and for
// who clones it; its disk can be filled then; nothing of this machine is claimed for it, and nothing is left.
func TestMemoryOutlivesTheGateway(t *testing.T) {
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this user cannot make disks in memory: %s", reason)
	}
	var claims []fleet.Claim
	f, injector, folder := startWith(t, func(c *fleet.Config) {
		c.GatewayMemory = true
		c.Claim = func(more []fleet.Claim) error { claims = append(claims, more...); return nil }
	})
	lasting := filepath.Join(f.GatewayFolder("gw-1"), "spool", "lasting")
	if err := os.WriteFile(lasting, nil, 0o600); err != nil {
		t.Fatalf("the gateway's spool is not on its disk: %v", err)
	}
	if _, err := f.Node("gw-1").Kill(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Node("gw-1").Start(t.Context()), f.Settled(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(lasting); err != nil {
		t.Errorf("what was on its disk is gone: %v", err)
	}
	clone, err := f.Clone("gw-1", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "nodes", clone.Name, "gateway-gw-1", "spool", "lasting")); err != nil {
		t.Errorf("a clone has not what is on the disk: %v", err)
	}
	result := injector.Inject(t.Context(), plan.Entry{ID: "f1", Fault: plan.DiskFull, Hold: plan.Duration(300e6)}, []string{"gw-1"})
	text := strings.Join(result.Evidence, "; ")
	for _, want := range []string{"no space left on device", "the disk works", "gw-1 says of its disk: ok", "start 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q: %+v", want, text, result)
		}
	}
	t.Log(text)
	if left, err := fault.Left(filepath.Join(folder, "manifest.ndjson")); err != nil || len(left) != 0 || len(claims) > 0 {
		t.Errorf("left %v, %v; claimed %v", left, err, claims)
	}
	f.Close()
	if err := f.Left(); err != nil {
		t.Error(err)
	}
	if found, err := filepath.Glob(filepath.Join(folder, "nodes", "gw-[12]")); err != nil || len(found) > 0 {
		t.Errorf("left: %v, %v", found, err)
	}
}
