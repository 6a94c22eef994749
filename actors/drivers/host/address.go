package host

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/shirou/gopsutil/v4/common"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// place is where on the machine to look.
type place struct {
	path      string // of the file system that disk.used is about
	proc, sys string // empty: what gopsutil takes for them
}

// parseAddress reads a device's address. The place is usable only if there are
// no problems.
func parseAddress(address map[string]string) (place, roostv1.Problems) {
	p := place{path: rootPath()}
	var problems roostv1.Problems
	for _, key := range slices.Sorted(maps.Keys(address)) {
		value := address[key]
		path := fmt.Sprintf("address[%q]", key)
		switch key {
		case "path":
			p.path = value
		case "proc":
			p.proc = value
		case "sys":
			p.sys = value
		default:
			problems = append(problems, roostv1.Problem{Path: path, Message: "unknown key; the host driver has path, proc and sys"})
			continue
		}
		problems = append(problems, checkPath(path, value)...)
	}
	return p, problems
}

func checkPath(field, path string) roostv1.Problems {
	if filepath.IsAbs(path) {
		return nil
	}
	return roostv1.Problems{{Path: field, Message: fmt.Sprintf("%q is not an absolute path", path)}}
}

func rootPath() string {
	if runtime.GOOS == "windows" {
		return cmp.Or(os.Getenv("SystemDrive"), "C:") + `\`
	}
	return "/"
}

// in returns a context that tells gopsutil where the machine's own files are.
func (p place) in(ctx context.Context) context.Context {
	env := common.EnvMap{}
	if p.proc != "" {
		env[common.HostProcEnvKey] = p.proc
	}
	if p.sys != "" {
		env[common.HostSysEnvKey] = p.sys
	}
	if len(env) == 0 {
		return ctx
	}
	return context.WithValue(ctx, common.EnvKey, env)
}

// sysfs returns the folder that in makes gopsutil take for /sys.
func (p place) sysfs() string {
	return cmp.Or(p.sys, os.Getenv(string(common.HostSysEnvKey)), "/sys")
}
