package control_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/control"
)

// TestSocketMode: nobody but the gateway's user, and root, can use it.
func TestSocketMode(t *testing.T) {
	at := folder(t)
	if err := os.Chmod(at, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := control.Open(control.Config{Folder: at, Fleet: &gateway{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for path, want := range map[string]os.FileMode{at: os.ModeDir | 0o700, s.Path(): os.ModeSocket | 0o600} {
		if is, err := os.Stat(path); err != nil || is.Mode() != want {
			t.Errorf("%s: got %v and %v, want the mode %v", path, is.Mode(), err, want)
		}
	}
}

// TestSocketOfTheDead: a socket that nobody serves any more is replaced, one that somebody serves is not.
func TestSocketOfTheDead(t *testing.T) {
	at := folder(t)
	path := filepath.Join(at, control.SocketName)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as one that is killed
	_ = dead.Close()
	s, err := control.Open(control.Config{Folder: at, Fleet: &gateway{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := control.Open(control.Config{Folder: at, Fleet: &gateway{}}); !errors.Is(err, control.ErrInUse) {
		t.Errorf("a second one: got %v", err)
	}
	if c, err := net.Dial("unix", path); err != nil {
		t.Errorf("the first one is gone: %v", err)
	} else {
		_ = c.Close()
	}
}

func TestSocketRefused(t *testing.T) {
	long := filepath.Join(folder(t), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := control.CheckFolder(long); !errors.Is(err, control.ErrPathTooLong) {
		t.Errorf("a folder that is too long: %v", err)
	}
	if _, err := control.Open(control.Config{Folder: long, Fleet: &gateway{}}); !errors.Is(err, control.ErrPathTooLong) || !strings.Contains(err.Error(), "choose a shorter folder") {
		t.Errorf("a long path: got %v", err)
	}
	taken := folder(t)
	path := filepath.Join(taken, control.SocketName)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Open(control.Config{Folder: taken, Fleet: &gateway{}}); !errors.Is(err, control.ErrNotSocket) {
		t.Errorf("a file: got %v", err)
	}
	if kept, err := os.ReadFile(path); string(kept) != "mine" {
		t.Errorf("the file was touched: %q, %v", kept, err)
	}
	if _, err := control.Open(control.Config{Folder: filepath.Join(taken, "none"), Fleet: &gateway{}}); err == nil {
		t.Error("no folder, and no error")
	}
}
