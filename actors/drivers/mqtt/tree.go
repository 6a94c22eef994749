package mqtt

import "strings"

// level is a place in the tree of filters with wildcards: all that begin with the same levels. Who looks for a topic sees only those places
// that match what the topic begins with.
type level struct {
	under map[string]*level // by the level that follows; + for any one
	here  *route            // of the filter that ends here
	rest  *route            // of the one that ends with # behind this
}

// put sets the route of a filter; nil: it has none, and leaves no place behind.
func (l *level) put(filter string, to *route) {
	first, behind, more := strings.Cut(filter, "/")
	if first == "#" {
		l.rest = to
		return
	}
	next := l.under[first]
	if next == nil {
		next = new(level)
	}
	if more {
		next.put(behind, to)
	} else {
		next.here = to
	}
	switch {
	case next.empty():
		delete(l.under, first)
	case l.under == nil:
		l.under = map[string]*level{first: next}
	default:
		l.under[first] = next
	}
}

func (l *level) empty() bool { return len(l.under) == 0 && l.here == nil && l.rest == nil }

// match calls found for each filter that a topic is one of. Topics that begin with $ are a broker's own, and no wildcard stands
// for that.
func (l *level) match(topic string, found func(*route)) {
	if strings.HasPrefix(topic, "$") {
		first, behind, more := strings.Cut(topic, "/")
		l.under[first].follow(behind, more, found)
		return
	}
	l.any(topic, found)
}

// any is match for what is left of a topic.
func (l *level) any(topic string, found func(*route)) {
	if l.rest != nil {
		found(l.rest)
	}
	first, behind, more := strings.Cut(topic, "/")
	l.under[first].follow(behind, more, found)
	l.under["+"].follow(behind, more, found)
}

// follow goes on behind a level that matched, if the topic has more.
func (l *level) follow(behind string, more bool, found func(*route)) {
	switch {
	case l == nil:
	case more:
		l.any(behind, found)
	default:
		for _, end := range []*route{l.here, l.rest} { // a/# is for a, too
			if end != nil {
				found(end)
			}
		}
	}
}
