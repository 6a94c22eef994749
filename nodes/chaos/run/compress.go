package run

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// compress compresses the files of a history, which history.Load reads all the same. A file is removed only when its
// compressed one is whole.
func compress(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, history.Pattern))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := compressFile(path); err != nil {
			return err
		}
	}
	return nil
}

func compressFile(path string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	unfinished := path + ".new"
	out, err := os.Create(unfinished)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(unfinished)
		}
	}()
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	if err = errors.Join(err, z.Close(), out.Close()); err != nil {
		return err
	}
	if err = os.Rename(unfinished, path+".gz"); err != nil {
		return err
	}
	return os.Remove(path)
}
