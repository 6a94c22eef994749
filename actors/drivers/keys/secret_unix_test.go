//go:build unix

package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecretsOfNoFile: what is no file is not read, since it may have nothing to say for ever; the link to a file is.
func TestSecretsOfNoFile(t *testing.T) {
	folder := t.TempDir()
	fifo, file := filepath.Join(folder, "fifo"), filepath.Join(folder, "file")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fifo", "file"} {
		if err := os.Symlink(name, filepath.Join(folder, "link to "+name)); err != nil {
			t.Fatal(err)
		}
	}
	for path, says := range map[string]string{
		fifo: "it is no regular file", filepath.Join(folder, "link to fifo"): "it is no regular file", "/dev/zero": "it is no regular file",
		folder: "it is no regular file", filepath.Join(folder, "link to file"): "",
	} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			secret, err := address(map[string]string{"a": "file:" + path}).Secret("a").Read()
			switch {
			case says == "" && (err != nil || secret != "hidden"):
				t.Errorf("%s is %q, %v", path, secret, err)
			case says != "" && (err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path)):
				t.Errorf("%s is %q, %v; want an error that says %q", path, secret, err, says)
			}
		}()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s is waited for", path)
		}
	}
}
