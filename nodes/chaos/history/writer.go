package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

const filePerm = 0o644

// Writer writes the records of one recorder, each with one write call. Its methods may be called concurrently.
type Writer struct {
	// Written is called with each record that was written, which must not be changed, and must not write itself; nil: nobody
	// is told. It is set before the first record is.
	Written func(Record)

	clock boottime.Clock

	mu     sync.Mutex
	out    io.Writer
	name   string
	number uint64
	err    error // the first that went wrong; nothing is written after it
}

// Create makes the file of a recorder, which must not exist, and writes its header.
func Create(path string, header Header) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, filePerm)
	if err != nil {
		return nil, fmt.Errorf("begin history: %w", err)
	}
	w, err := NewWriter(file, header)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// NewWriter writes the header of a recorder, and is then ready for its records. Of the header only Name and
// Untrusted are needed; what else is empty is filled in. Close closes out if it can be closed.
func NewWriter(out io.Writer, header Header) (*Writer, error) {
	clock, err := boottime.Open()
	if err != nil {
		return nil, fmt.Errorf("begin history of %s: %w", header.Name, err)
	}
	if header.Version == 0 {
		header.Version = Version
	}
	if header.Boot == "" {
		header.Boot = BootID()
	}
	if header.Wall.IsZero() {
		header.Wall = time.Now().Round(0)
	}
	if err := header.check(); err != nil {
		return nil, fmt.Errorf("begin history of %s: %w", header.Name, err)
	}
	w := &Writer{clock: clock, out: out, name: header.Name}
	if err := w.Write(&header); err != nil {
		return nil, err
	}
	w.number = 0 // the header does not count
	return w, nil
}

// Write writes a record down. One whose At is 0 is of now. The writer fills in the rest of the stamp, so a
// record is written once. After an error nothing is written any more, and each call returns it.
func (w *Writer) Write(r Record) error {
	kind := kindOf(r)
	if kind == "" {
		return fmt.Errorf("write history of %s: %w: it is a %T", w.name, ErrNotRecord, r)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	stamp := r.Stamped()
	if stamp.At == 0 {
		stamp.At = w.clock.Now()
	}
	stamp.Kind, stamp.Recorder, stamp.Number = kind, w.name, w.number+1
	line, err := json.Marshal(r)
	if err == nil {
		_, err = w.out.Write(append(line, '\n'))
	}
	if err != nil {
		w.err = fmt.Errorf("write history of %s: %w", w.name, err)
		return w.err
	}
	w.number++
	if w.Written != nil {
		w.Written(r)
	}
	return nil
}

// Close ends the history, and returns the first error that there was.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.err
	if w.err == nil {
		w.err = fmt.Errorf("write history of %s: %w", w.name, os.ErrClosed) // for whoever comes late
	}
	if file, ok := w.out.(io.Closer); ok {
		err = errors.Join(err, file.Close())
	}
	w.out = io.Discard
	return err
}
