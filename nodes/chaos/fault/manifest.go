package fault

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
)

// Manifest says on disk what a run has begun, before it does it, and what of that is undone. Whoever finds one after
// a crash knows from it what may be left.
type Manifest struct {
	mu   sync.Mutex
	file *os.File
}

// Undo is a line of a manifest.
type Undo struct {
	// ID of what was begun; Done: it is undone.
	ID   string `json:"id"`
	Done bool   `json:"done,omitempty"`
	// What it is: "run" or a kind of fault; and Targets.
	What    string   `json:"what,omitempty"`
	Targets []string `json:"targets,omitempty"`
	// Run is the name of the run, which each of its processes has in its environment; PID is the harness.
	Run string `json:"run,omitempty"`
	PID int    `json:"pid,omitempty"`
	// Folders to be removed with the run.
	Folders []string `json:"folders,omitempty"`
	// Claims are what of this machine was taken for it.
	Claims []fleet.Claim `json:"claims,omitempty"`
}

// OpenManifest makes a manifest, or goes on with one that is there.
func OpenManifest(path string) (*Manifest, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	return &Manifest{file: file}, nil
}

// Will says that something is about to be done. Only when it returns nil may it be done.
func (m *Manifest) Will(u Undo) error { return m.write(u) }

// Done says that it is undone.
func (m *Manifest) Done(id string) error { return m.write(Undo{ID: id, Done: true}) }

func (m *Manifest) write(u Undo) error {
	line, err := json.Marshal(u)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := m.file.Sync(); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// Close closes the file.
func (m *Manifest) Close() error { return m.file.Close() }

// Left returns what a manifest says was begun and not undone, in the order in which it was begun. A torn last line
// is of something that was not done.
func Left(path string) ([]Undo, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var left []Undo
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var u Undo
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			break
		}
		if !u.Done {
			left = append(left, u)
			continue
		}
		kept := left[:0]
		for _, l := range left {
			if l.ID != u.ID {
				kept = append(kept, l)
			}
		}
		left = kept
	}
	return left, errors.Join(lines.Err())
}
