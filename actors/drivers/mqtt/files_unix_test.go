//go:build unix

package mqtt_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/mqtt"
)

// TestCertificatesOfNoFile: what is no file is not read, since it may have nothing to say for ever.
func TestCertificatesOfNoFile(t *testing.T) {
	folder := t.TempDir()
	fifo := filepath.Join(folder, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	key := write(t, filepath.Join(folder, "key.pem"), "none")
	for _, address := range []string{"ca=" + fifo, "cert=" + fifo + " key=file:" + key} {
		d := with(lamp("d1", "127.0.0.1:1"), "broker=ssl://127.0.0.1:1 "+address)
		ended := make(chan error, 1)
		go func() { ended <- opens(t, new(mqtt.Driver), d, patience) }()
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), "it is no regular file") {
				t.Errorf("open with %s: %v, want an error that says what it is", address, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s is waited for", address)
		}
	}
}
