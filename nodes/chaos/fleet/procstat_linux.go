package fleet

import (
	"bytes"
	"fmt"
	"os"
)

// ProcessState is the letter that the kernel has for what a process does: T is stopped. 0: not known.
func ProcessState(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
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
