package peertest

import (
	"bytes"
	"context"
	"strings"
	"sync"
)

// maxOutput is how much of what a peer says is kept, in bytes: the first of it.
const maxOutput = 8 << 20

// output is what a peer has said since it was started the last time.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
	more chan struct{} // closed when something was added
}

func newOutput() *output { return &output{more: make(chan struct{})} }

// reset forgets what was said.
func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said.Reset()
}

// Write implements [io.Writer]. Standard output and standard error may be written at once.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said.Write(b[:min(len(b), maxOutput-o.said.Len())])
	close(o.more)
	o.more = make(chan struct{})
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// wait returns when a whole line contains the text.
func (o *output) wait(ctx context.Context, text string) error {
	for {
		o.mu.Lock()
		said, more := o.said.String(), o.more
		o.mu.Unlock()
		for line := range strings.Lines(said) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, text) {
				return nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tail returns the end of what was said.
func (o *output) tail() string {
	const most = 2000
	said := o.String()
	return said[max(0, len(said)-most):]
}
