package hub_test

import (
	"strconv"
	"testing"
)

// A process that publishes is killed at an arbitrary moment; whatever it had said to be
// acknowledged is there afterwards, and the folder is free at once.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	data := t.TempDir()
	c := startChild(t, data)
	acknowledged := 0
	for acknowledged < 50 {
		acknowledged, _ = strconv.Atoi(c.line(t))
	}
	_ = c.cmd.Process.Kill()
	for c.lines.Scan() { // what it said before it died
		if n, err := strconv.Atoi(c.lines.Text()); err == nil {
			acknowledged = n
		}
	}
	c.kill()

	js := connect(t, open(t, data))
	stream, err := js.Stream(t.Context(), "T")
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= acknowledged; n++ {
		message, err := stream.GetMsg(t.Context(), uint64(n))
		if err != nil {
			t.Fatalf("message %d of %d acknowledged: %v", n, acknowledged, err)
		}
		if got, want := string(message.Data), strconv.Itoa(n); got != want {
			t.Fatalf("message %d = %q, want %q", n, got, want)
		}
	}
	if _, err := js.Publish(t.Context(), "t.count", []byte("more")); err != nil {
		t.Errorf("publish after the restart: %v", err)
	}
}
