package disk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Memory is a small disk in memory, which can be filled. Nobody needs to be root for it where the kernel lets users have
// namespaces of their own. It is there for as long as the process that has made it, or until [Memory.Remove], and what is
// on it is seen by processes of the same user only. That something was synced says nothing there.
type Memory struct {
	dir    string
	bytes  int64
	folder *os.File // what holds it: it is mounted nowhere
}

// mountTime bounds how long it takes to mount nothing but memory.
const mountTime = 10 * time.Second

// NewMemory makes a disk in memory of so many bytes, and a link at dir that leads to it: processes of the same user have it as
// a folder there. Nothing may be at dir. If this process is killed, only a link is left, which leads nowhere.
//
// Only whoever is root in a namespace can mount. A shell is for a moment, in a user and a mount namespace of its own; what it
// has mounted outlives both for as long as somebody has it open, which is this process.
func NewMemory(dir string, bytes int64) (*Memory, error) {
	folder, err := mountMemory(bytes)
	if err != nil {
		return nil, err
	}
	m := &Memory{dir: dir, bytes: bytes, folder: folder}
	if err := os.Symlink(m.path(), dir); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return m, nil
}

// path leads to the disk, also if what is at dir was replaced.
func (m *Memory) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), m.folder.Fd()) }

// mountMemory mounts it where nobody else sees it, and returns its top.
func mountMemory(bytes int64) (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mountTime)
	defer cancel()
	const script = `mount -t tmpfs -o "size=$1,mode=700" tmpfs /tmp && cd /tmp && echo there && read -r _`
	shell := exec.CommandContext(ctx, "sh", "-c", script, "sh", fmt.Sprint(bytes))
	shell.Env = append(os.Environ(), "LC_ALL=C")
	shell.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	var complaint strings.Builder
	shell.Stderr = &complaint
	input, err1 := shell.StdinPipe()
	output, err2 := shell.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, forbidden(err, "")
	}
	_, err := bufio.NewReader(output).ReadString('\n')
	var folder *os.File
	if err == nil {
		folder, err = openMemory(shell.Process.Pid, bytes)
	}
	_ = input.Close() // it ends with its input, and with this process
	_, _ = io.Copy(io.Discard, output)
	ended := shell.Wait()
	if err == nil {
		return folder, nil
	}
	if errors.Is(err, io.EOF) { // it has said why
		err = ended
	}
	return nil, forbidden(err, complaint.String())
}

// openMemory opens what a process has mounted where it is, and looks whether it is that.
func openMemory(pid int, bytes int64) (*os.File, error) {
	folder, err := os.Open(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return nil, err
	}
	var is unix.Statfs_t
	err = unix.Fstatfs(int(folder.Fd()), &is)
	if err == nil && (int64(is.Type) != unix.TMPFS_MAGIC || int64(is.Blocks)*int64(is.Bsize) > bytes+int64(is.Bsize)) {
		err = ErrNotOurs
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

// forbidden says that a namespace, or to mount in it, was refused, and what may be the reason.
func forbidden(err error, complaint string) error {
	if complaint = strings.Join(strings.Fields(complaint), " "); complaint != "" {
		err = fmt.Errorf("%w: %s", err, complaint)
	}
	for _, s := range []struct{ name, forbids string }{
		{"user/max_user_namespaces", "0"},
		{"kernel/unprivileged_userns_clone", "0"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1"},
	} {
		if value, readErr := os.ReadFile("/proc/sys/" + s.name); readErr == nil && strings.TrimSpace(string(value)) == s.forbids {
			err = fmt.Errorf("%w; sysctl %s is %s", err, strings.ReplaceAll(s.name, "/", "."), s.forbids)
		}
	}
	return fmt.Errorf("mount memory in a user namespace: %w", err)
}

// Fill leaves no room: the filler takes all that there is, and never more than the disk has, wherever it may be.
func (m *Memory) Fill() error { return fill(m.Filler(), m.bytes) }

// Remove removes the link, and the disk with all that is on it as soon as no process has a file open there.
func (m *Memory) Remove() error {
	var err error
	if to, _ := os.Readlink(m.dir); to == m.path() { // else it was removed, and what is there is another's
		err = os.Remove(m.dir)
	}
	if gone := m.folder.Close(); !errors.Is(gone, fs.ErrClosed) {
		err = errors.Join(err, gone)
	}
	return err
}

// tried fills the disk, and has another process look: where programs may not be looked into, only the one that made it sees it.
func (m *Memory) tried() error {
	if err := m.Fill(); err != nil {
		return err
	}
	if err := m.Probe(); !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("a write to a disk in memory that is full: %v, and not %w", err, unix.ENOSPC)
	}
	if err := errors.Join(m.Empty(), m.Probe()); err != nil {
		return err
	}
	if err := tool("sh", "-c", `test -w "$1/"`, "sh", m.dir); err != nil {
		return fmt.Errorf("another process does not see a disk in memory: %w", err)
	}
	return nil
}
