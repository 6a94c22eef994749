package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

var (
	// ErrTorn: the last line of a log has no end. Hardware that runs may be writing it at this moment.
	ErrTorn = errors.New("last line is torn")
	// ErrMissing: a log does not begin with a start, or records are missing in it.
	ErrMissing = errors.New("records are missing")
	// ErrNotRecord: a line of a log is not a record.
	ErrNotRecord = errors.New("not a record")
)

// maxLine is the length of the longest line. Whatever fits in a frame fits in it, however it
// has to be quoted.
const maxLine = 256 << 10

// ReadLog yields the records of a truth log, in their order. After an error it ends: ErrTorn, after
// all whole records; ErrMissing or ErrNotRecord, with the line; or that of the file.
func ReadLog(path string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer func() { _ = file.Close() }() // it was only read
		for r, err := range Records(file) {
			if err != nil {
				err = fmt.Errorf("read %s: %w", path, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Load returns all records of a truth log. With ErrTorn it returns all whole ones.
func Load(path string) ([]Record, error) {
	var records []Record
	for r, err := range ReadLog(path) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

// Records yields the records in a stream, as ReadLog does.
func Records(in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := bufio.NewReaderSize(in, maxLine)
		var last uint64
		for number := 1; ; number++ {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				if err = endOf(line, err); err != nil {
					yield(Record{}, fmt.Errorf("line %d: %w", number, err))
				}
				return
			}
			r, err := parseRecord(line, last)
			if err != nil {
				yield(Record{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			last = r.Seq
			if !yield(r, nil) {
				return
			}
		}
	}
}

// endOf tells what the end of a stream means, after the part of a line.
func endOf(line []byte, err error) error {
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("%w: longer than %d bytes", ErrNotRecord, maxLine)
	case !errors.Is(err, io.EOF):
		return err
	case len(line) > 0:
		return fmt.Errorf("%w after %d bytes", ErrTorn, len(line))
	default:
		return nil
	}
}

// parseRecord reads the line after the record with that number; 0: there was none.
func parseRecord(line []byte, last uint64) (Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, fmt.Errorf("%w: %w", ErrNotRecord, err)
	}
	begins := r.Kind == KindStart && r.Seq == 1
	switch {
	case begins && r.Version != LogVersion:
		return Record{}, fmt.Errorf("%w: version %d of the log is not %d", ErrNotRecord, r.Version, LogVersion)
	case !begins && (last == 0 || r.Seq != last+1):
		return Record{}, fmt.Errorf("%w: %d follows %d", ErrMissing, r.Seq, last)
	default:
		return r, nil
	}
}
