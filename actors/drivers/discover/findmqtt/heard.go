package findmqtt

import (
	"cmp"
	"slices"
	"sync"
)

// Messages are what was heard at a broker. Its methods may be called concurrently.
type Messages struct {
	mu     sync.Mutex
	topics map[string]*topic
	// Left is how many messages came at topics that were not looked at: since there were too many, or since no fleet file can name them.
	Left int
}

// Add adds a message, and tells whether its topic is a new one. The payload is not kept.
func (h *Messages) Add(name string, payload []byte, retained bool) (isNew bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	if t == nil {
		if !usable(name) || len(h.topics) >= maxTopics {
			h.Left++
			return false
		}
		if h.topics == nil {
			h.topics = map[string]*topic{}
		}
		t, isNew = &topic{name: name}, true
		h.topics[name] = t
	}
	t.heard(payload, retained)
	return isNew
}

// sorted returns the topics by their names.
func (h *Messages) sorted() []*topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*topic
	for _, t := range h.topics {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *topic) int { return cmp.Compare(a.name, b.name) })
	return all
}
