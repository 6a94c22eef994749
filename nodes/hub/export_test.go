package hub

import "github.com/nats-io/nats-server/v2/server"

// StoreFailed tells a failed disk from what passes.
var StoreFailed = storeFailed

// Unlooked tells a server that had no time to look from one that is not well.
var Unlooked = unlooked

// Looks returns what takes notice of one look at a server after another, and says whether the hub is to end, and what for.
func Looks(earlier ...string) func(flaws ...server.HealthzError) string {
	l := looks{earlier: map[string]bool{}}
	for _, stream := range earlier {
		l.earlier[stream] = true
	}
	return func(flaws ...server.HealthzError) string {
		if flaw := l.take(flaws); flaw != nil {
			return flaw.Error
		}
		return ""
	}
}
