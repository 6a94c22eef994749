package hub_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/hub"
)

// refuse opens a hub that must be refused for the reason, in one line, and returns that line.
func refuse(t *testing.T, cfg hub.Config, reason error) string {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	h, err := hub.Open(t.Context(), cfg)
	if err == nil {
		h.Close()
		t.Fatalf("Open(%+v) succeeded, want: %v", cfg, reason)
	}
	if !errors.Is(err, reason) {
		t.Fatalf("Open(%+v) = %v, want: %v", cfg, err, reason)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	return err.Error()
}

func TestFolderInUse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "folder")
	h := open(t, data)
	message := refuse(t, hub.Config{Data: data}, hub.ErrFolderInUse)
	if !strings.Contains(message, data) {
		t.Errorf("%q does not name %s", message, data)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, data)
}

func TestFolderInUseByAnotherProcess(t *testing.T) {
	data := t.TempDir()
	c := startChild(t, data)
	message := refuse(t, hub.Config{Data: data}, hub.ErrFolderInUse)
	if pid := strconv.Itoa(c.cmd.Process.Pid); !strings.Contains(message, "process "+pid) {
		t.Errorf("%q does not name process %s", message, pid)
	}
	c.kill()
	open(t, data)
}

func TestFileInsteadOfFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "content")
	store := t.TempDir()
	write(t, filepath.Join(store, "js-standalone"), "content")

	for data, named := range map[string]string{
		file:                      file,
		filepath.Join(file, "in"): file,
		store:                     filepath.Join(store, "js-standalone"),
	} {
		if message := refuse(t, hub.Config{Data: data}, hub.ErrNotFolder); !strings.Contains(message, named) {
			t.Errorf("%q does not name %s", message, named)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "content" {
		t.Errorf("the file became %q, %v", got, err)
	}
}

func TestModeOfAnotherHub(t *testing.T) {
	data := t.TempDir()
	write(t, filepath.Join(data, "mode"), "cluster-north\n")
	message := refuse(t, hub.Config{Data: data}, hub.ErrMode)
	if !strings.Contains(message, "cluster-north") {
		t.Errorf("%q does not name the mode", message)
	}
	if _, err := os.Stat(filepath.Join(data, "js-standalone")); err == nil {
		t.Error("a store was made in a folder of another mode")
	}
}

// A process may be killed between making the mode file and writing it.
func TestEmptyModeIsANewFolder(t *testing.T) {
	data := t.TempDir()
	write(t, filepath.Join(data, "mode"), "")
	if err := open(t, data).Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(data, "mode"))
	if err != nil || string(got) != "standalone\n" {
		t.Errorf("mode = %q, %v", got, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
