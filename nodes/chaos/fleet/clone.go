package fleet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Clone returns another gateway with the id of one that there is, which dials the hubs beside the proxies. With
// copied, it has all that the first one has on its disk at this moment, as it is, else an empty folder. It is none of Nodes;
// Close ends it.
func (f *Fleet) Clone(gateway string, copied bool) (*Node, error) {
	first := f.Node(gateway)
	if first == nil || first.Kind != KindGateway {
		return nil, fmt.Errorf("clone %s: there is no such gateway", gateway)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := fmt.Sprintf("%s-clone-%d", gateway, len(f.clones)+1)
	folder := filepath.Join(f.folder, name)
	if copied {
		if err := copyFolder(folder, f.dataFolder(gateway, f.ownDisks())); err != nil {
			return nil, fmt.Errorf("clone %s: %w", gateway, err)
		}
	}
	clone := f.node(name, KindGateway, f.gatewayArgs(gateway, f.URL(), folder)...)
	clone.program = first.Program()
	f.clones = append(f.clones, clone)
	return clone, nil
}

// copyFolder copies the files of a folder in which somebody writes. What goes meanwhile is not there, and what is no
// file, such as a socket, is left out.
func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		relative, relErr := filepath.Rel(from, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || relErr != nil:
			return errors.Join(err, relErr)
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		if err := copyFile(filepath.Join(to, relative), path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
