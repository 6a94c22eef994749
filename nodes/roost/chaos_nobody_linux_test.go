package main_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// nobody is the user who has nothing.
const nobody = 65534

// asNobody has a command run as a user without rights, if this one has some, in a folder that he can write to, which is
// returned. The program is where he can read it.
func asNobody(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "roost-nobody-") // t.TempDir is in one that only this user can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	cmd.Dir = folder
	cmd.Env = append(cmd.Env, "HOME="+folder, "TMPDIR="+folder)
	if os.Geteuid() != 0 {
		return folder
	}
	program := filepath.Join(folder, "roost")
	if err := errors.Join(copyProgram(program, cmd.Path), os.Chmod(folder, 0o755), os.Chown(folder, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args[0] = program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return folder
}

func copyProgram(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// TestChaosDiskFullWithoutRoot: a user without rights has disks of gateways fill up, and all is judged and undone; what there is
// of it is his.
func TestChaosDiskFullWithoutRoot(t *testing.T) {
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this machine lets nobody make disks in memory: %s", reason)
	}
	cmd := command(context.Background(), chaosArgs("runs", "--scenario", "disk-full", "--seed", "1", "--lease", "1s",
		"--quiet", "1s", "--duration", "5s", "--liveness", "3s", "--max-failover", "20s")...)
	folder := asNobody(t, cmd)
	p := startCommand(t, cmd)
	p.untilWithin(t, 3*longest, "f1 disk-full [gw-")
	for _, want := range []string{"f1 disk-full", " healed", "all faults are undone", "report: ", " passed, "} {
		p.until(t, want)
	}
	<-p.ended
	text := strings.Join(p.seen, "\n")
	if code := p.state.ExitCode(); code != 0 && (code != 2 || !strings.Contains(text, "too busy to tell")) {
		t.Errorf("exit code %d:\n%s\n%s", code, text, p.errors.String())
	}
	if !strings.Contains(text, "no space left on device") {
		t.Errorf("nothing was seen to be full:\n%s", text)
	}
	made := runFolder(t, filepath.Join(folder, "runs"))
	nothingLeft(t, made)
	info, err := os.Stat(filepath.Join(made, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; os.Geteuid() == 0 && owner != nobody {
		t.Errorf("the report is of user %d", owner)
	}
	if left := globbed(t, filepath.Join(made, "nodes", "gw-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// TestChaosDiskFullForbidden: where users may have no namespaces, that is the reason why nothing is begun.
func TestChaosDiskFullForbidden(t *testing.T) {
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this machine lets nobody make namespaces: %s", reason)
	}
	// How many there may be is said for each namespace, so it can be forbidden in one of the test's own.
	for _, args := range [][]string{{"chaos", "run", "--scenario", "disk-full", "--seed", "1"}, {"chaos", "doctor"}} {
		cmd := command(t.Context(), args...)
		cmd.Args = append([]string{"sh", "-c", `echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" "$@"`}, cmd.Args...)
		cmd.Path, cmd.Dir = "/bin/sh", t.TempDir()
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		want := map[string]int{"run": 3, "doctor": 0}[args[1]]
		if code := exitCode(t, err); code != want || !strings.Contains(string(out), "sysctl user.max_user_namespaces is 0") {
			t.Errorf("%v: exit code %d, and not %d: %s", args, code, want, out)
		}
		if left := globbed(t, filepath.Join(cmd.Dir, "*")); len(left) > 0 {
			t.Errorf("%v left %q", args, left)
		}
	}
}
