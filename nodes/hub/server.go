package hub

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// options renders the settings of the embedded server. What is not set here has the
// server's own default.
func options(cfg Config, at site, store string) *server.Options {
	port := int(at.listen.Port())
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: at.name,
		Host:       at.listen.Addr().String(),
		Port:       port,
		// Signals belong to the program: the server would exit the process.
		NoSigs: true,

		JetStream:              true,
		StoreDir:               store,
		SyncAlways:             true, // an acknowledgement means that it is on disk
		JetStreamMaxMemory:     cfg.MaxMemory,
		JetStreamMaxStore:      cfg.MaxStore,
		DisableJetStreamBanner: true,

		// A client that fell silent is gone after 20 s, not after the server's
		// default of six minutes, so that nobody waits for its answers.
		PingInterval: 5 * time.Second,
		MaxPingsOut:  3,
		// A write that takes longer is broken off. A client that took a part of it is
		// served on; one that took nothing is cut off, which also bounds how long
		// a shutdown waits for it.
		WriteDeadline: time.Second,
		WriteTimeout:  server.WriteTimeoutPolicyRetry,
		MaxPayload:    1 << 20,
	}
	if at.cluster != nil {
		at.cluster.apply(o)
	}
	return o
}
