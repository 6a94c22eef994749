//go:build failpoints

package cluster

import "sync/atomic"

// failpoints is told of each point that is passed.
var failpoints atomic.Pointer[func(point, device string)]

// HookFailpoints has hook called wherever a point is passed, by whoever passes it: it may panic, or not return for as
// long as it likes. Package failpoint of nodes/chaos has the list of points.
func HookFailpoints(hook func(point, device string)) { failpoints.Store(&hook) }

func failpoint(point, device string) {
	if hook := failpoints.Load(); hook != nil {
		(*hook)(point, device)
	}
}
