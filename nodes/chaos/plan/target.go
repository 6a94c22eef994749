package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Names of targets.
const (
	TargetAny      = "any"
	TargetAll      = "all"
	TargetMinority = "minority"
	TargetMajority = "majority"
	TargetLeader   = "hub-leader"
	TargetAnyHub   = "hub-any"
	TargetHubs     = "hubs"
	TargetDevice   = "device(any)"
)

// Owner is the target that is the owner of a device.
func Owner(device string) string { return "owner(" + device + ")" }

// ErrNoTarget: there is nothing that the target names at present.
var ErrNoTarget = errors.New("no such target at present")

// World is what there is when a target's time has come.
type World struct {
	Gateways []string // that run
	Hubs     []string // that run
	Devices  []string
	// Owners by device; those that nobody serves are missing.
	Owners map[string]string
	// Leader of the control stream; empty: there is none, or it is not known.
	Leader string
}

// Resolve returns what a target names in a world. Chance decides where several would do. Of several targets with commas
// between them each must be there.
func Resolve(target string, w World, r *rand.Rand) ([]string, error) {
	var all []string
	for one := range strings.SplitSeq(target, ",") {
		found, err := resolve(one, w, r)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all, nil
}

func resolve(target string, w World, r *rand.Rand) ([]string, error) {
	device, isOwner := strings.CutPrefix(target, "owner(")
	var found []string
	switch {
	case isOwner:
		if owner := w.Owners[strings.TrimSuffix(device, ")")]; owner != "" {
			found = []string{owner}
		}
	case target == TargetAny:
		found = some(w.Gateways, 1, r)
	case target == TargetAll:
		found = slices.Clone(w.Gateways)
	case target == TargetMinority:
		found = some(w.Gateways, (len(w.Gateways)-1)/2, r)
	case target == TargetMajority:
		found = some(w.Gateways, len(w.Gateways)/2+1, r)
	case target == TargetLeader && w.Leader != "":
		found = []string{w.Leader}
	case target == TargetAnyHub:
		found = some(w.Hubs, 1, r)
	case target == TargetHubs:
		found = slices.Clone(w.Hubs)
	case target == TargetDevice:
		found = some(w.Devices, 1, r)
	case slices.Contains(w.Gateways, target), slices.Contains(w.Hubs, target), slices.Contains(w.Devices, target):
		found = []string{target}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, target)
	}
	return found, nil
}

// some returns n of them, by chance, in their order.
func some(all []string, n int, r *rand.Rand) []string {
	if n <= 0 || len(all) == 0 {
		return nil
	}
	order := r.Perm(len(all))[:min(n, len(all))]
	slices.Sort(order)
	var found []string
	for _, i := range order {
		found = append(found, all[i])
	}
	return found
}

// world is that of a fleet in which all is well: what no target of it names, none ever will.
func (s Settings) world() World {
	w := World{Owners: map[string]string{}, Leader: s.Hub(1)}
	for i := range s.Gateways {
		w.Gateways = append(w.Gateways, s.Gateway(i+1))
	}
	for i := range s.Hubs {
		w.Hubs = append(w.Hubs, s.Hub(i+1))
	}
	for i := range s.Devices {
		w.Devices = append(w.Devices, s.Device(i+1))
		w.Owners[s.Device(i+1)] = s.Gateway(1)
	}
	return w
}
