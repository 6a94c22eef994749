package snmp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bounds of object identifiers, by RFC 2578 section 7.1.3.
const (
	minArcs = 2
	maxArcs = 128
)

// parseOID reads an object identifier in numbers and returns it as it is compared everywhere in this package, which is as
// the library tells it: with a dot in front.
func parseOID(text string) (string, error) {
	arcs := strings.Split(strings.TrimPrefix(text, "."), ".")
	if len(arcs) < minArcs || len(arcs) > maxArcs {
		return "", fmt.Errorf("%q is not an object identifier in numbers, such as 1.3.6.1.2.1.1.3.0", text)
	}
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != arc {
			return "", fmt.Errorf("%q is not an object identifier in numbers, such as 1.3.6.1.2.1.1.3.0: %q is not a number from 0 to %d",
				text, arc, uint32(math.MaxUint32))
		}
		if i == 0 && n > 2 || i == 1 && n > 39 && arcs[0] != "2" || i == 1 && n > math.MaxUint32-80 {
			return "", fmt.Errorf("%q is not an object identifier: none begins with %s", text, strings.Join(arcs[:i+1], "."))
		}
	}
	return "." + strings.Join(arcs, "."), nil
}

// plainOID is an object identifier as people write it.
func plainOID(oid string) string { return strings.TrimPrefix(oid, ".") }
