package fleet_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestNewThatLeavesSomething: a fleet that cannot be made and has left something is returned, says so, and gives it back when
// that is possible.
func TestNewThatLeavesSomething(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nodes have disks of their own on Linux only")
	}
	cfg := fleet.Config{Settings: plan.Defaults(), Folder: t.TempDir(), Run: "left", Program: []string{"none"}, GatewayDisks: true}
	image := filepath.Join(cfg.Folder, cfg.Gateway(1)+".image")
	if err := os.MkdirAll(filepath.Join(image, "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := fleet.New(cfg)
	if err == nil || f == nil || f.Left() == nil {
		t.Fatalf("%v, %v", f, err)
	}
	if err := os.RemoveAll(image); err != nil {
		t.Fatal(err)
	}
	if f.Close(); f.Left() != nil {
		t.Error(f.Left())
	}
}
