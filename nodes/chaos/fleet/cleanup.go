package fleet

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Leftovers returns the ids of processes of a run that are still there. On systems without /proc there are none to
// be found.
func Leftovers(run string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	want := []byte(EnvRun + "=" + run)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			continue // it has ended, or is not ours
		}
		for _, v := range bytes.Split(env, []byte{0}) {
			if bytes.Equal(v, want) {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids
}

// Cleanup kills what is left of a run, and returns how many processes that were.
func Cleanup(run string) (int, error) {
	if run == "" {
		return 0, fmt.Errorf("the run has no name")
	}
	killed := 0
	for _, pid := range Leftovers(run) {
		p, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		if err := p.Kill(); err == nil {
			killed++
		}
	}
	return killed, nil
}
