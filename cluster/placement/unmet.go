package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Unmet says in a few words why a gateway with that id and these labels will not do, for people; it is
// empty if and only if the demand is met.
func (d Demand) Unmet(gateway string, labels map[string]string) string {
	switch {
	case d.impossible && !d.named && len(d.labels) == 0:
		return "no device of the bus is in service"
	case d.impossible:
		return "the devices of the bus ask for what no gateway is"
	case d.named && !slices.Contains(d.gateways, gateway):
		return "not in the list of gateways: " + strings.Join(d.gateways, ", ")
	}
	for _, key := range slices.Sorted(maps.Keys(d.labels)) {
		switch got, ok := labels[key]; {
		case !ok:
			return fmt.Sprintf("it has no label %s, which is to be %q", key, d.labels[key])
		case got != d.labels[key]:
			return fmt.Sprintf("label %s is %q and not %q", key, got, d.labels[key])
		}
	}
	return ""
}
