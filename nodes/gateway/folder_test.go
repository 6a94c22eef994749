package gateway_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/roost-iot/roost/nodes/gateway"
)

func openFolder(t *testing.T, path string) *gateway.Folder {
	t.Helper()
	f, err := gateway.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // some are closed by their tests
	return f
}

// TestFolderProvesTheEndOfPredecessors: whoever has the lock knows the incarnations of those that had it
// before; nobody else has it meanwhile.
func TestFolderProvesTheEndOfPredecessors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells one boot from the next")
	}
	path := filepath.Join(t.TempDir(), "gw-1")
	first := openFolder(t, path)
	if len(first.Ended()) > 0 || first.BootID() == "" {
		t.Errorf("a new folder: ended %q, boot %q", first.Ended(), first.BootID())
	}
	for _, incarnation := range []string{"one", "two"} {
		if err := first.Begin(incarnation); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := gateway.OpenFolder(path); !errors.Is(err, gateway.ErrFolderInUse) {
		t.Errorf("a second gateway on the folder: got %v, want ErrFolderInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if ended := openFolder(t, path).Ended(); !slices.Equal(ended, []string{"one", "two"}) {
		t.Errorf("ended: got %q, want one and two", ended)
	}
}

// TestCopiedFolderProvesNothing: the process whose incarnations are in a copy holds another lock, and
// may be running.
func TestCopiedFolderProvesNothing(t *testing.T) {
	path, copied := filepath.Join(t.TempDir(), "gw-1"), filepath.Join(t.TempDir(), "gw-1")
	first := openFolder(t, path)
	if err := first.Begin("one"); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(path)); err != nil {
		t.Fatal(err)
	}
	if ended := openFolder(t, copied).Ended(); len(ended) > 0 {
		t.Errorf("a copy says that %q have ended", ended)
	}
}
