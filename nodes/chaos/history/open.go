package history

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
)

// compressed is what the name of a compressed file ends in.
const compressed = ".gz"

// open opens a file to read it, and uncompresses it if its name says so. done closes it.
func open(path string) (in io.Reader, done func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = file.Close() } // it was only read
	if !strings.HasSuffix(path, compressed) {
		return file, done, nil
	}
	in, err = gzip.NewReader(file)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("uncompress %s: %w", path, err)
	}
	return in, done, nil
}
