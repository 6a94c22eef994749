package fleet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// ProcessState is the letter that the kernel has for what a process does: T is stopped. 0: not known.
func ProcessState(pid int) byte { return stateIn(fmt.Sprintf("/proc/%d/stat", pid)) }

// Halted reports whether no thread of a process can do anything of its own any more: each stands still, or is in the kernel,
// and will when it comes back from there.
func Halted(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, path := range threads {
		if state := stateIn(path); state != 'T' && state != 'D' && state != 0 {
			return false
		}
	}
	return true
}

func stateIn(path string) byte {
	stat, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	// The name before it may have blanks and brackets in it.
	_, rest, ok := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	if !ok || len(rest) == 0 {
		return 0
	}
	return rest[0]
}
