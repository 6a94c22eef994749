package hub

import (
	"strings"
	"sync"
	"time"
)

// refusals remembers who was refused of late. A gateway that was revoked dials several times a second for as long as
// it runs, and who may write nothing may try without end: told each time, it would fill the log.
type refusals struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const (
	// refusalInterval is how often the same one is told of.
	refusalInterval = time.Minute
	// maxRefusals bounds the memory that strangers can have used.
	maxRefusals = 1000
)

// refusedUser finds in what the server says that it has refused somebody, and whom: the key, as the users file has it, or
// the machine of who got no further than the handshake.
func refusedUser(text string) (who string, refused bool) {
	if _, who, refused = strings.Cut(text, "authentication error"); refused {
		return who, true
	}
	if from, _, broken := strings.Cut(text, "TLS handshake error"); broken {
		address, _, _ := strings.Cut(from, " - ")
		return "handshake " + address[:max(strings.LastIndexByte(address, ':'), 0)], true
	}
	for _, what := range []string{"Publish Violation", "Subscription Violation"} {
		if _, of, _ := strings.Cut(text, "nkey:"); strings.Contains(text, what) && of != "" {
			key, _, _ := strings.Cut(of, `"`)
			return what + " " + key, true
		}
	}
	return "", false
}

// first reports whether a refusal is to be told, and notes that it was.
func (r *refusals) first(who string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, known := r.last[who]; known && now.Sub(last) < refusalInterval {
		return false
	}
	if r.last == nil || len(r.last) >= maxRefusals {
		r.last = map[string]time.Time{}
	}
	r.last[who] = now
	return true
}
