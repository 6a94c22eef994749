package fleetfile

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// broken are the items of a fleet, its profiles and devices, that could not be
// read in full. What the rules of a fleet say about them would only tell in
// other words what is known already.
type broken struct {
	items    map[string]bool // "devices[3]"
	problems int             // in all items together
	profile  bool            // one of the items is a profile
	rest     bool            // something is wrong outside of all items
}

// item notes how many problems an item of the fleet has.
func (b *broken) item(list protoreflect.FieldDescriptor, i, problems int) {
	if problems == 0 {
		return
	}
	b.problems += problems
	if b.items == nil {
		b.items = make(map[string]bool)
	}
	b.items[fmt.Sprintf("%s[%d]", list.Name(), i)] = true
	b.profile = b.profile || list.Name() == "profiles"
}

// affects tells whether a rule's problem, found at the path, may be due to what could
// not be read. A device is judged together with its profile, so where a
// profile is broken no device is judged at all.
func (b *broken) affects(path string) bool {
	item, _, _ := strings.Cut(path, ".")
	return b.rest || b.items[item] || b.profile && strings.HasPrefix(item, "devices[")
}
