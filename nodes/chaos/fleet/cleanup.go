package fleet

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Leftovers returns the ids of processes of a run that are still there. On systems without /proc that cannot be told, which
// is an error.
func Leftovers(run string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("whether processes of the run %s are there cannot be told: %w", run, err)
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
	return pids, nil
}

// Cleanup kills what is left of a run, and returns how many processes that were.
func Cleanup(run string) (int, error) {
	if run == "" {
		return 0, fmt.Errorf("the run has no name")
	}
	left, err := Leftovers(run)
	if err != nil {
		return 0, err
	}
	killed := 0
	for _, pid := range left {
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
