package hub

import (
	"github.com/nats-io/nats-server/v2/server"
)

// Stats tell what a hub holds and has done since it was opened.
type Stats struct {
	Name, ServerVersion string
	Storing             bool // see Health
	Connections         int
	Streams, Consumers  int
	Messages, Bytes     uint64 // in the streams

	Received, ReceivedBytes uint64
	Sent, SentBytes         uint64
	SlowConsumers           uint64 // connections that were cut off since they took too little
	APIErrors               uint64 // answers of JetStream that were errors
}

// Stats returns them as they are at this moment. It may be called at any time.
func (h *Hub) Stats() Stats {
	s := Stats{Name: h.site.name, ServerVersion: server.VERSION, Storing: h.Health() == nil}
	if v, err := h.server.Varz(&server.VarzOptions{}); err == nil {
		s.Connections, s.SlowConsumers = v.Connections, uint64(max(v.SlowConsumers, 0))
		s.Received, s.ReceivedBytes = uint64(max(v.InMsgs, 0)), uint64(max(v.InBytes, 0))
		s.Sent, s.SentBytes = uint64(max(v.OutMsgs, 0)), uint64(max(v.OutBytes, 0))
	}
	if j, err := h.server.Jsz(&server.JSzOptions{}); err == nil {
		s.Streams, s.Consumers, s.Messages, s.Bytes, s.APIErrors = j.Streams, j.Consumers, j.Messages, j.Bytes, j.API.Errors
	}
	return s
}

// Health returns nil while the hub stores what it is given, and else an error as Watch returns it.
func (h *Hub) Health() error { return h.health() }

// Running reports whether the server runs.
func (h *Hub) Running() bool { return h.server.Running() }
