package history

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Header is the first line of each file.
type Header struct {
	Stamp
	// Version of the schema.
	Version int `json:"version"`
	// Name of the recorder, such as "client-3" or "sink". It is unique in the run.
	Name string `json:"recorder"`
	// Untrusted: the recorder may have been faulted, so what it says explains, and proves nothing.
	Untrusted bool `json:"untrusted,omitempty"`
	// Boot names the boot of the machine that the times count from; "": this system has no name for it.
	Boot string `json:"boot"`
	// Wall is the time of the header on the wall clock, for people.
	Wall time.Time `json:"wall"`
}

// Reasons that a file is no history, or not all of one.
var (
	// ErrTorn: the last line of a file has no end, so its recorder was stopped while it wrote.
	ErrTorn = errors.New("last line is torn")
	// ErrNoHeader: a file does not begin with a header.
	ErrNoHeader = errors.New("no header")
	// ErrVersion: a file has another version of the schema.
	ErrVersion = errors.New("another version of the schema")
	// ErrOtherBoot: files are of different boots of a machine, or of different machines, so their times
	// cannot be compared.
	ErrOtherBoot = errors.New("of another boot")
	// ErrSameRecorder: two files have the same recorder.
	ErrSameRecorder = errors.New("two files of one recorder")
	// ErrNotRecord: a line is not a record.
	ErrNotRecord = errors.New("not a record")
)

// BootID names the boot of this machine; "" where the system does not tell.
func BootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func (h *Header) check() error {
	switch {
	case h.Version != Version:
		return fmt.Errorf("%w: %d, and this program reads %d", ErrVersion, h.Version, Version)
	case h.Name == "":
		return fmt.Errorf("%w: it names no recorder", ErrNoHeader)
	default:
		return nil
	}
}
