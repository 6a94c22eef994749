//go:build !unix

package clustertest

// Pause skips the test: processes cannot be paused here.
func (t *Trio) Pause(int) {
	t.tb.Helper()
	t.tb.Skip("processes cannot be paused on this system")
}

// Continue has nothing to do.
func (t *Trio) Continue(int) {}
