package main

import (
	"bytes"
	"io"
	"sync"
)

// lineWriter hands whole lines on, each in one call, so that those of several programs do not mix.
type lineWriter struct {
	to   io.Writer
	mu   sync.Mutex
	line []byte // that has not ended
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line, data...)
	for {
		end := bytes.IndexByte(w.line, '\n')
		if end < 0 {
			return len(data), nil
		}
		// That nobody takes the line is no reason to hold up who wrote it.
		_, _ = w.to.Write(w.line[:end+1])
		w.line = w.line[end+1:]
	}
}
