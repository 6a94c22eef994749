package run

import (
	"os"
	"os/signal"
	"syscall"
)

// outliveReaders has the process go on when nobody reads any more what it says, until what it returns is called: what was begun
// is to be undone. The signal is not ignored, for children would inherit that.
func outliveReaders() (stop func()) {
	broken := make(chan os.Signal, 1) // nobody listens: who writes gets an error
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}
