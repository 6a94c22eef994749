package clustertest

import (
	"log/slog"
	"os"
	"testing"
)

// Logger returns a logger for parts under test: to standard error when the tests are
// verbose, and nowhere otherwise. It does not use the test's own log, which must not be
// written to once the test has ended, as a connection that closes late would.
func Logger(tb testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	handler := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})
	return slog.New(handler).With("test", tb.Name())
}
