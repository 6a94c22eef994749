//go:build linux

package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// asNobody does a test once more as a user who has no rights, if this one has them, and reports whether it did.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	const nobody = 65534
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v") // in a folder that he cannot enter
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as a user without rights: %v\n%s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP: "+t.Name()) {
		t.Skipf("%s", out)
	}
	return true
}

// TestMemory: a user without rights has a small disk, which other processes of his see and nobody else; it can be filled,
// keeps what is on it until it is removed, and leaves nothing.
func TestMemory(t *testing.T) {
	if asNobody(t) {
		return
	}
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this user cannot make disks in memory: %s", reason)
	}
	mounts := func() string {
		text, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := mounts()
	dir := filepath.Join(t.TempDir(), "a disk")
	m, err := disk.NewMemory(dir, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Remove() }) // also of a test that failed
	kept := filepath.Join(dir, "data", "kept")
	if out, err := exec.Command("sh", "-c", `mkdir -m 700 "$1/data" && echo x >"$2"`, "sh", dir, kept).CombinedOutput(); err != nil {
		t.Fatalf("another process cannot use it: %v: %s", err, out)
	}
	if err := m.Fill(); err != nil {
		t.Fatal(err)
	}
	if err := m.Probe(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %v, want ENOSPC", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "filler")); err != nil || info.Size() > 4<<20 {
		t.Errorf("the filler: %v, %v", info, err)
	}
	if err := errors.Join(m.Empty(), m.Empty(), m.Probe()); err != nil {
		t.Errorf("emptied: %v", err)
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "x\n" {
		t.Errorf("what was on it: %q, %v", text, err)
	}
	if after := mounts(); after != before {
		t.Errorf("mounted here:\n%s", after)
	}
	if err := errors.Join(m.Remove(), m.Remove()); err != nil {
		t.Errorf("remove: %v", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its link is left: %v", err)
	}
	if err := m.Fill(); err == nil {
		t.Error("what is removed was filled")
	}
}

// TestMemoryIsNotReplaced: what has come to be where a disk in memory was is not filled: it is one of the machine's own.
func TestMemoryIsNotReplaced(t *testing.T) {
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this user cannot make disks in memory: %s", reason)
	}
	dir := filepath.Join(t.TempDir(), "disk")
	m, err := disk.NewMemory(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Remove() })
	if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o700), m.Fill()); err != nil {
		t.Fatal(err)
	}
	if found, err := os.ReadDir(dir); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestMemoryForbidden: where users may have no namespaces, the reason names what forbids it.
func TestMemoryForbidden(t *testing.T) {
	const forbidden = "ROOST_TEST_FORBIDDEN"
	if os.Getenv(forbidden) != "" {
		t.Log(disk.MemoryMissing())
		return
	}
	if reason := disk.MemoryMissing(); reason != "" {
		t.Skipf("this user cannot make disks in memory: %s", reason)
	}
	// How many there may be is said for each namespace, so it can be forbidden in one of the test's own.
	cmd := exec.Command("sh", "-c", `echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" -test.run='^TestMemoryForbidden$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), forbidden+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "sysctl user.max_user_namespaces is 0") {
		t.Errorf("%v: it says\n%s", err, out)
	}
	t.Logf("%s", out)
}
