package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine is the length of the longest line, in bytes.
const maxLine = 4 << 20

// File is what one recorder wrote.
type File struct {
	Header  Header
	Records []Record
}

// ReadFile reads the file of a recorder; one whose name ends in .gz is uncompressed. With ErrTorn it returns all
// whole records.
func ReadFile(path string) (*File, error) {
	in, done, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer done()
	f, err := Decode(in)
	if err != nil {
		err = fmt.Errorf("read history %s: %w", path, err)
	}
	return f, err
}

// Decode reads what a recorder wrote. With ErrTorn it returns all whole records, with any other error nil.
func Decode(in io.Reader) (*File, error) {
	lines := &lineReader{in: bufio.NewReaderSize(in, 64<<10)}
	header, err := readHeader(lines)
	if err != nil {
		return nil, err
	}
	f := &File{Header: *header}
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return f, nil
		case errors.Is(err, ErrTorn):
			return f, fmt.Errorf("line %d: %w", lines.number, err)
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", lines.number, err)
		}
		r, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", lines.number, err)
		}
		stamp := r.Stamped()
		stamp.Recorder, stamp.Number = header.Name, uint64(lines.number-1)
		f.Records = append(f.Records, r)
	}
}

func readHeader(lines *lineReader) (*Header, error) {
	line, err := lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty", ErrNoHeader)
	case errors.Is(err, ErrTorn):
		return nil, fmt.Errorf("%w: line 1 is torn", ErrNoHeader)
	case err != nil:
		return nil, fmt.Errorf("line 1: %w", err)
	}
	var stamp Stamp
	if err := json.Unmarshal(line, &stamp); err != nil || stamp.Kind != KindHeader {
		return nil, fmt.Errorf("%w in line 1", ErrNoHeader)
	}
	header := new(Header)
	if err := json.Unmarshal(line, header); err != nil {
		return nil, fmt.Errorf("%w in line 1: %w", ErrNoHeader, err)
	}
	return header, header.check()
}

// kindPrefix is how the kind begins in a line, right behind the time.
var kindPrefix = []byte(`,"kind":"`)

// parse reads a record that is not a header.
func parse(line []byte) (Record, error) {
	r := blank(peek(line))
	if r == nil {
		var stamp Stamp
		if err := json.Unmarshal(line, &stamp); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotRecord, err)
		}
		if r = blank(stamp.Kind); r == nil {
			return nil, fmt.Errorf("%w: unknown kind %q", ErrNotRecord, stamp.Kind)
		}
	}
	if _, again := r.(*Header); again {
		return nil, fmt.Errorf("%w: a header that is not the first line", ErrNotRecord)
	}
	if err := json.Unmarshal(line, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotRecord, err)
	}
	if r.Stamped().Kind != kindOf(r) {
		return nil, fmt.Errorf("%w: it has two kinds", ErrNotRecord)
	}
	return r, nil
}

// peek finds the kind where this package's Writer has put it, which saves reading the line twice; "" if it is
// somewhere else.
func peek(line []byte) Kind {
	_, rest, ok := bytes.Cut(line[:min(len(line), 80)], kindPrefix)
	if !ok {
		return ""
	}
	kind, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return Kind(kind)
}

// lineReader reads lines of any length up to maxLine.
type lineReader struct {
	in     *bufio.Reader
	long   []byte // of a line that does not fit into the reader
	number int    // of the line that was read last, from 1
}

// next returns the next line without its end. It is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	l.number++
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if err == nil && len(l.long) == 0 {
			return part[:len(part)-1], nil
		}
		l.long = append(l.long, part...)
		switch {
		case err == nil:
			return l.long[:len(l.long)-1], nil
		case errors.Is(err, io.EOF) && len(l.long) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w after %d bytes", ErrTorn, len(l.long))
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(l.long) > maxLine:
			return nil, fmt.Errorf("%w: longer than %d bytes", ErrNotRecord, maxLine)
		}
	}
}
