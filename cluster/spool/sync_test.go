package spool_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster/spool"
)

// TestSyncsBeforeAcknowledging: also where TestPowerCut cannot cut the power of a disk.
func TestSyncsBeforeAcknowledging(t *testing.T) {
	if !spool.SyncAlways(spool.Config{Folder: t.TempDir(), Gateway: "g1"}) {
		t.Error("the embedded server acknowledges what is not on disk")
	}
}
