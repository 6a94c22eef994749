package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Reasons that a log is not written.
var (
	// ErrLogInUse: other hardware writes it.
	ErrLogInUse = errors.New("log in use")
	// ErrNotLog: the file is there, and is no log.
	ErrNotLog = errors.New("not a log of simulated hardware")
)

const filePerm = 0o600

// truth writes the truth log.
type truth struct {
	clock boottime.Clock
	lock  *flock.Flock
	// failed is closed when a record could not be written. None is written after that.
	failed chan struct{}

	mu   sync.Mutex
	file *os.File
	seq  uint64
	err  error // why failed is closed
}

// openTruth opens a log to go on behind what is in it, and returns how many bytes of a torn
// last line it has cut off: what they would have told was never done.
func openTruth(path string) (*truth, int64, error) {
	clock, err := boottime.Open()
	if err != nil {
		return nil, 0, err
	}
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(filePerm))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, 0, fmt.Errorf("lock log: %w", err)
	}
	if !locked {
		return nil, 0, fmt.Errorf("%w: %s", ErrLogInUse, path)
	}
	file, cut, err := openWhole(path)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open log %s: %w", path, err), lock.Close())
	}
	return &truth{clock: clock, lock: lock, file: file, failed: make(chan struct{})}, cut, nil
}

// openWhole opens a file to append to, and cuts off what is behind its last whole line.
func openWhole(path string) (file *os.File, cut int64, err error) {
	file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, filePerm)
	if err != nil {
		return nil, 0, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		err = checkHead(file, size)
	}
	if err == nil {
		cut, err = tornLength(file, size)
	}
	if err == nil && cut > 0 {
		err = file.Truncate(size - cut)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, cut, nil
}

// logHead is what each log begins with.
const logHead = `{"seq":1,"boottime":`

// checkHead keeps the end of some other file from being cut off.
func checkHead(file io.ReaderAt, size int64) error {
	head := make([]byte, min(size, int64(len(logHead))))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !strings.HasPrefix(logHead, string(head)) {
		return fmt.Errorf("%w: it is another file, or damaged", ErrNotLog)
	}
	return nil
}

// tornLength returns how many bytes there are behind the last line end.
func tornLength(file io.ReaderAt, size int64) (int64, error) {
	const most = 2 * maxLine
	tail := make([]byte, min(size, most))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for i := len(tail); i > 0; i-- {
		if tail[i-1] == '\n' {
			return int64(len(tail) - i), nil
		}
	}
	if size > most {
		return 0, fmt.Errorf("%w: its last line is too long", ErrNotLog)
	}
	return size, nil
}

// write numbers a record, takes its time, and writes it. Only when it returns nil may be done what
// the record says.
func (t *truth) write(r Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	r.Seq, r.At, r.Wall = t.seq+1, t.clock.Now(), time.Now().Round(0)
	line, err := json.Marshal(r)
	if err == nil {
		_, err = t.file.Write(append(line, '\n'))
	}
	if err != nil {
		t.err = fmt.Errorf("write log: %w", err)
		close(t.failed)
		return t.err
	}
	t.seq++
	return nil
}

// close writes the last record and gives the log up. It returns the first thing that went wrong
// in all the log's life.
func (t *truth) close(last Record) error {
	err := t.write(last)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = fmt.Errorf("write log: %w", os.ErrClosed) // for whoever comes late
	}
	// The lock file stays: if it were removed, two could lock two files of the same name.
	return errors.Join(err, t.file.Close(), t.lock.Close())
}
