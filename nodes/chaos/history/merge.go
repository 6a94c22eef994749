package history

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/roost-iot/roost/nodes/sim"
)

// TruthName is the name of the hardware among the recorders.
const TruthName = "truth"

// Pattern is what the names of the recorders' files match.
const Pattern = "*.ndjson"

// Load reads all files of a folder that match Pattern, or do with .gz behind it, and a truth log of the hardware of the
// same boot; "": there is none. With ErrTorn the history is there, and has all whole records: a recorder that was
// killed leaves such a file. With any other error it is nil.
func Load(folder, truth string) (*History, error) {
	paths, err := filesIn(folder)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("read history: %w in %s: no file %s", ErrNoHeader, folder, Pattern)
	}
	var files []*File
	var torn error
	for _, path := range paths {
		f, err := ReadFile(path)
		if err != nil && !errors.Is(err, ErrTorn) {
			return nil, err
		}
		torn = errors.Join(torn, err)
		files = append(files, f)
	}
	if truth != "" {
		f, err := ReadTruth(truth)
		if err != nil && !errors.Is(err, ErrTorn) {
			return nil, err
		}
		torn = errors.Join(torn, err)
		f.Header.Boot = files[0].Header.Boot // the log does not say: it is for whoever ran it to know
		files = append(files, f)
	}
	h, err := Merge(files...)
	if err != nil {
		return nil, err
	}
	return h, torn
}

// filesIn returns the files of recorders in a folder.
func filesIn(folder string) ([]string, error) {
	var paths []string
	for _, pattern := range []string{Pattern, Pattern + compressed} {
		some, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		paths = append(paths, some...)
	}
	slices.Sort(paths)
	return paths, nil
}

// ReadTruth reads the truth log of the hardware; one whose name ends in .gz is uncompressed. With ErrTorn it returns all whole records.
func ReadTruth(path string) (*File, error) {
	in, done, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("read truth log: %w", err)
	}
	defer done()
	f := &File{Header: Header{Version: Version, Name: TruthName}}
	var truth Truth
	for r, err := range sim.Records(in) {
		if errors.Is(err, sim.ErrTorn) {
			return f, fmt.Errorf("read truth log %s: %w: %w", path, ErrTorn, err)
		}
		if err != nil {
			return nil, fmt.Errorf("read truth log %s: %w", path, err)
		}
		if record := truth.Record(r); record != nil {
			stamp := record.Stamped()
			stamp.Recorder, stamp.Number = TruthName, r.Seq
			f.Records = append(f.Records, record)
		}
	}
	return f, nil
}

// Merge makes a history of files. It fails with ErrOtherBoot and ErrSameRecorder.
func Merge(files ...*File) (*History, error) {
	var records []Record
	seen := map[string]bool{}
	for _, f := range files {
		if boot := files[0].Header.Boot; f.Header.Boot != boot {
			return nil, fmt.Errorf("history of %s: %w: %q, and %s has %q",
				f.Header.Name, ErrOtherBoot, f.Header.Boot, files[0].Header.Name, boot)
		}
		if seen[f.Header.Name] {
			return nil, fmt.Errorf("history of %s: %w", f.Header.Name, ErrSameRecorder)
		}
		seen[f.Header.Name] = true
		records = append(records, f.Records...)
	}
	h := New(records)
	for _, f := range files {
		if f.Header.Untrusted {
			h.Untrusted[f.Header.Name] = true
		}
	}
	return h, nil
}
