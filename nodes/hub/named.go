package hub

import "strings"

// Named reports whether a server has a name as Open gives them, unless it is given another. What it
// serves with, no server tells its clients; so that is how they know one that syncs what it acknowledges.
func Named(server string) bool {
	return server == DefaultName || strings.HasPrefix(server, DefaultName+"-")
}
