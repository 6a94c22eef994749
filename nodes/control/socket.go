package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const (
	// SocketName is the name of the socket in a gateway's folder.
	SocketName = "control.sock"
	folderPerm = 0o700
	socketPerm = 0o600
	// probeTime bounds the question whether somebody serves a socket that is there.
	probeTime = time.Second
)

var (
	// ErrPathTooLong: the system has no Unix sockets with paths so long.
	ErrPathTooLong = errors.New("path too long for a Unix socket")
	// ErrInUse: another process serves the socket.
	ErrInUse = errors.New("control socket in use")
	// ErrNotSocket: something else has the name of the socket.
	ErrNotSocket = errors.New("not a socket")
)

// listen makes the socket in a folder that is this user's alone. One that a dead process has left is
// replaced, one that is served is not.
func listen(folder string) (net.Listener, error) {
	path := filepath.Join(folder, SocketName)
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := os.Chmod(folder, folderPerm); err != nil {
		return nil, fmt.Errorf("keep the control socket's folder from other users: %w", err)
	}
	if err := clearStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen at the control socket: %w", err)
	}
	if err := os.Chmod(path, socketPerm); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the control socket from other users: %w", err), l.Close())
	}
	return l, nil
}

// CheckFolder returns why a gateway with that folder can have no control socket: ErrPathTooLong. What is there it does
// not look at.
func CheckFolder(folder string) error { return checkPath(filepath.Join(folder, SocketName)) }

// checkPath refuses a path that is too long for the system's sockaddr_un, which has 108 bytes on Linux and 104
// on others, with a zero at the end.
func checkPath(path string) error {
	most := 103
	if runtime.GOOS == "linux" {
		most = 107
	}
	if len(path) > most {
		return fmt.Errorf("%w: %s has %d bytes, at most %d are possible: choose a shorter folder", ErrPathTooLong, path, len(path), most)
	}
	return nil
}

// clearStale removes the socket of a dead process.
func clearStale(path string) error {
	switch is, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for a control socket: %w", err)
	case is.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%w: %s is in the way of the control socket: move it away", ErrNotSocket, path)
	}
	if Served(path) {
		return fmt.Errorf("%w: another process serves %s: stop that one", ErrInUse, path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the control socket of a process that has ended: %w", err)
	}
	return nil
}

// Served reports whether a process serves a control socket.
func Served(path string) bool {
	c, err := net.DialTimeout("unix", path, probeTime)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
