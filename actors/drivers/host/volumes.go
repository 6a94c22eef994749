package host

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
)

// patience is how long a file system may take to tell its size.
const patience = time.Second

// volumes asks file systems for their size. The system call cannot be interrupted,
// and on a network mount whose server is gone it does not return; so it runs in
// a goroutine of its own, one at most for each path, whose result all who
// ask meanwhile share.
type volumes struct {
	// read takes the place of the system call in tests; nil: the system call.
	read func(path string) (*disk.UsageStat, error)

	mu    sync.Mutex
	asked map[string]*question // those without an answer yet, by path
}

// question is one system call; usage and err are set before answered is closed.
type question struct {
	late     time.Time // when waiting for it is given up
	answered chan struct{}
	usage    *disk.UsageStat
	err      error
}

// usage returns the size of the file system that holds path. It waits until
// patience after the system call began, and no longer than ctx.
func (v *volumes) usage(ctx context.Context, path string) (*disk.UsageStat, error) {
	q := v.ask(path)
	timer := time.NewTimer(time.Until(q.late))
	defer timer.Stop()
	select {
	case <-q.answered:
		return q.usage, q.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("the file system of %s does not answer", path)
	}
}

// ask returns the question about path that is open, or asks it anew.
func (v *volumes) ask(path string) *question {
	v.mu.Lock()
	defer v.mu.Unlock()
	if q := v.asked[path]; q != nil {
		return q
	}
	q := &question{late: time.Now().Add(patience), answered: make(chan struct{})}
	if v.asked == nil {
		v.asked = make(map[string]*question)
	}
	v.asked[path] = q
	go v.answer(q, path)
	return q
}

// answer ends when the system call does, and not before: nobody can wait for it.
func (v *volumes) answer(q *question, path string) {
	defer func() {
		if r := recover(); r != nil {
			q.err = fmt.Errorf("ask for the size of %s: %v", path, r)
		}
		v.mu.Lock()
		delete(v.asked, path)
		v.mu.Unlock()
		close(q.answered)
	}()
	read := v.read
	if read == nil {
		read = disk.Usage
	}
	q.usage, q.err = read(path)
}
