//go:build unix

package mqttd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/mqttd"
)

// TestCertificateOfNoFile: what is no file is not read, since it may have nothing to say for ever.
func TestCertificateOfNoFile(t *testing.T) {
	folder := t.TempDir()
	fifo, key := filepath.Join(folder, "fifo"), filepath.Join(folder, "key.pem")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := new(mqttd.Driver).Open(ctx, device("d", freeAddress(t), "sleepy=true cert="+fifo+" key=file:"+key))
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "it is no regular file") {
			t.Errorf("open: %v, want an error that says what the certificate is", err)
		}
	case <-ctx.Done():
		t.Fatal("a pipe is waited for")
	}
}
