package hub

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// makingLooks is how many looks at a server may find a stream on the disk that it does not have, since it is being made: that
// takes some syncs of the disk. One that could not be recovered stays so.
const makingLooks = 15

// looks is what came of looking at a server again and again.
type looks struct {
	earlier map[string]bool // folders of streams that were there before the server was started, until it was seen what became of them
	making  int             // in a row that found a stream that may be being made, and nothing worse
}

// take takes notice of what a server says that is wrong with it, and returns what ends the hub; nil: nothing does.
func (l *looks) take(errors []server.HealthzError) *server.HealthzError {
	flaw := worst(errors)
	switch {
	case flaw == nil:
		l.making = 0
	case unlooked(flaw.Error): // that says nothing, nor that what was seen before is over
		return nil
	case !unregistered(flaw.Error):
		return flaw
	default:
		if lost := l.lost(errors); lost != nil {
			return lost
		}
		if l.making++; l.making >= makingLooks {
			return flaw
		}
	}
	l.earlier = nil // all are recovered; one that is not there later is being made anew
	return nil
}

// lost returns an error that says that a stream that was there before was not recovered. That is not waited for: who makes a stream
// of that name meanwhile makes it in the same folder, and what could be repaired is gone.
func (l *looks) lost(errors []server.HealthzError) *server.HealthzError {
	for i, e := range errors {
		if unregistered(e.Error) && l.earlier[path.Join(e.Account, e.Stream)] {
			return &errors[i]
		}
	}
	return nil
}

// worst returns the first error that says that a server does not store; if there is none, the first one.
func worst(errors []server.HealthzError) *server.HealthzError {
	for i, e := range errors {
		if !unlooked(e.Error) && !unregistered(e.Error) {
			return &errors[i]
		}
	}
	if len(errors) == 0 {
		return nil
	}
	return &errors[0]
}

// unlooked reports whether a server has looked at nothing: it gives itself a millisecond to see that its listeners are there,
// and where the machine is so busy that this passes before the first look, it says that it is not ready, and names none that
// is missing. That says nothing of what it stores.
func unlooked(text string) bool {
	_, missing, notReady := strings.Cut(text, "failed to be ready for connections after 1ms: ")
	return notReady && missing == ""
}

// unregistered reports whether a stream has a folder, and the server does not know it. It makes the folder first, and takes note of the
// stream when all is on the disk, so for a moment a stream that is being made looks like one that could not be recovered.
func unregistered(text string) bool {
	return strings.HasSuffix(text, " could not be recovered")
}

// streamsIn returns the streams that are in the store of a hub that runs alone, as account/stream. One whose making was broken off,
// which has not both of its files, is none; nor is one whose removal was, which the server marks with a dot and ends.
func streamsIn(store string) map[string]bool {
	root := os.DirFS(filepath.Join(store, server.JetStreamStoreDir))
	sums, _ := fs.Glob(root, path.Join("*", "streams", "*", server.JetStreamMetaFileSum)) // fails only for a bad pattern
	streams := map[string]bool{}
	for _, sum := range sums {
		folder := path.Dir(sum)
		_, err := fs.Stat(root, path.Join(folder, server.JetStreamMetaFile))
		if name := path.Base(folder); err == nil && !strings.HasPrefix(name, ".") {
			streams[path.Join(path.Dir(path.Dir(folder)), name)] = true
		}
	}
	return streams
}
