package exec

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxArgs is how many arguments a program may have.
	maxArgs = 32
	// defaultStop is how long a program may take to end by itself, and maxStop the longest that can be asked for: a
	// session has five seconds to close.
	defaultStop, maxStop = time.Second, 3 * time.Second

	settingPrefix = "set."
	secretPrefix  = "secret."
)

// address is what a device's address says.
type address struct {
	program  string
	args     []string
	settings map[string]string
	secrets  map[string]keys.Secret
	stop     time.Duration
}

// parseAddress reads the address. It is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec, secrets *keys.Places) (address, roostv1.Problems) {
	k := keys.OfAddress(Name, spec).From(secrets)
	at := address{program: programOf(k), args: argsOf(k, spec.GetAddress()), stop: k.Duration("stop", defaultStop, 0, maxStop)}
	k.Know("set.NAME", "secret.NAME") // for whoever reads what keys there are
	for _, key := range slices.Sorted(maps.Keys(spec.GetAddress())) {
		if name, ok := strings.CutPrefix(key, settingPrefix); ok && name != "" {
			put(&at.settings, name, k.Text(key, ""))
		}
		if name, ok := strings.CutPrefix(key, secretPrefix); ok && name != "" {
			put(&at.secrets, name, k.Secret(key))
		}
	}
	return at, k.Problems()
}

func put[V any](to *map[string]V, name string, v V) {
	if *to == nil {
		*to = make(map[string]V)
	}
	(*to)[name] = v
}

func programOf(k *keys.Keys) string {
	const key = "program"
	program := k.Needed(key, "the program that speaks to the device")
	switch {
	case program == "":
	case strings.ContainsRune(program, 0):
		k.Wrong(key, "%q has a zero byte in it", program)
	case !path.IsAbs(program) && !filepath.IsAbs(program) && !filepath.IsLocal(program):
		k.Wrong(key, "%q is neither an absolute path nor one within a folder that the gateway allows", program)
	}
	return program
}

// argsOf reads the arguments, of which none may be left out.
func argsOf(k *keys.Keys, given map[string]string) []string {
	k.Know("arg1") // which stands for all of them where keys are listed
	var args []string
	missing := ""
	for i := range maxArgs {
		key := fmt.Sprintf("arg%d", i+1)
		arg, ok := given[key]
		switch {
		case !ok && missing == "":
			missing = key
		case ok:
			k.Know(key)
			args = append(args, arg)
			if missing != "" {
				k.Wrong(key, "there is no %s before it", missing)
			}
			if strings.ContainsRune(arg, 0) {
				k.Wrong(key, "%q has a zero byte in it", arg)
			}
		}
	}
	return args
}
