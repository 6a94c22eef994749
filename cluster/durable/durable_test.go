package durable_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/roost-iot/roost/cluster/durable"
)

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"the first content", "new", ""} {
		if err := durable.Write(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, content)
		wantAlone(t, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
		t.Errorf("the file has mode %04o, want 0600", got)
	}
}

// TestFailureLeavesWhatWas: a file that cannot be replaced stays, and nothing stays beside it.
func TestFailureLeavesWhatWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "place")
	if err := os.MkdirAll(filepath.Join(path, "content"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(path, []byte("new"), 0o600); err == nil {
		t.Fatal("a folder that is not empty was replaced by a file")
	}
	if _, err := os.Stat(filepath.Join(path, "content")); err != nil {
		t.Error(err)
	}
	wantAlone(t, path)
}

// TestLeftoverIsReplaced: what a process has left that ended while it wrote is not in the way.
func TestLeftoverIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	left := filepath.Join(filepath.Dir(path), ".new-file")
	if err := os.WriteFile(left, []byte("half of a much longer file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !durable.Unfinished(filepath.Base(left)) || durable.Unfinished(filepath.Base(path)) {
		t.Error("the file that was being written is not told from the other")
	}
	if err := durable.Write(path, []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "whole")
	wantAlone(t, path)
}

func TestNoFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "away")
	if err := durable.Write(filepath.Join(folder, "file"), nil, 0o600); err == nil {
		t.Error("a file was written to a folder that is not there")
	}
	if err := durable.SyncTree(folder); err == nil {
		t.Error("a folder that is not there was synced")
	}
	if err := durable.SyncFolder(folder); err == nil && runtime.GOOS != "windows" {
		t.Error("a folder that is not there was synced")
	}
}

func TestSyncTree(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(below, "file"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.SyncTree(root); err != nil {
		t.Error(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("the file has %q, want %q", got, want)
	}
}

// wantAlone: nothing is beside the file.
func wantAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder has %v, want only the file", entries)
	}
}
