//go:build unix

package main_test

import (
	"bufio"
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// TestChaosEndsInOrder: whether the terminal is closed, which is said twice, or whoever reads what a run says ends together with
// it, all that was begun is undone.
func TestChaosEndsInOrder(t *testing.T) {
	// Whoever ignores SIGHUP, as nohup does, has his children ignore it too, unless he takes notice of it himself.
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP)
	defer signal.Stop(hups)
	for _, test := range []struct {
		name    string
		unread  bool
		signals []syscall.Signal
	}{
		{"the terminal is closed", false, []syscall.Signal{syscall.SIGHUP, syscall.SIGHUP}},
		{"nobody reads", true, []syscall.Signal{syscall.SIGINT}},
	} {
		t.Run(test.name, func(t *testing.T) {
			below := t.TempDir()
			cmd := command(context.Background(), chaosArgs(below, "--scenario", "pause", "--seed", "1", "--progress", "plain")...)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(longest, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.Contains(lines.Text(), "f1 pause") {
			}
			if test.unread {
				_ = out.Close()
			}
			for _, s := range test.signals {
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
			}
			for lines.Scan() {
			}
			_ = cmd.Wait() // with nobody to tell the outcome to, a signal ends it in the end
			if code := cmd.ProcessState.ExitCode(); code != 130 && !test.unread {
				t.Errorf("exit code %d", code)
			}
			folder := runFolder(t, below)
			if left, err := fault.Left(chaos.ManifestPath(folder)); len(left) > 0 || err != nil {
				t.Errorf("left: %+v, %v", left, err)
			}
			nothingLeft(t, folder)
		})
	}
}
