package boottime_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roost-iot/roost/cluster/boottime"
)

// The kernel's own word for the time since it booted, suspended time included, is in whole seconds.
func TestClockIsTheUptime(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	if !clock.CountsSuspend() {
		t.Error("suspended time does not count")
	}
	var info unix.Sysinfo_t
	before := clock.Now()
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	after := clock.Now()
	uptime := boottime.Instant(time.Duration(info.Uptime) * time.Second)
	if uptime.Before(before.Add(-2*time.Second)) || after.Add(2*time.Second).Before(uptime) {
		t.Errorf("the clock says %v, the kernel has been up for %v", after, uptime)
	}
}
