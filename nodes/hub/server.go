package hub

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// options renders the settings of the embedded server. What is not set here has the
// server's own default.
func options(cfg Config, at site, store string) (*server.Options, error) {
	o, err := at.users.options(at.cluster)
	if err != nil {
		return nil, err
	}
	o.ServerName = at.name
	o.Host = at.listen.Addr().String()
	o.Port = int(at.listen.Port())
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	// Signals belong to the program: the server would exit the process.
	o.NoSigs = true

	o.JetStream = true
	o.StoreDir = store
	o.SyncAlways = true // an acknowledgement means that it is on disk
	o.JetStreamMaxMemory = cfg.MaxMemory
	o.JetStreamMaxStore = cfg.MaxStore
	o.DisableJetStreamBanner = true

	// A client that fell silent is gone after 20 s, not after the server's
	// default of six minutes, so that nobody waits for its answers.
	o.PingInterval = 5 * time.Second
	o.MaxPingsOut = 3
	// A write that takes longer is broken off. A client that took a part of it is
	// served on; one that took nothing is cut off, which also bounds how long
	// a shutdown waits for it.
	o.WriteDeadline = time.Second
	o.WriteTimeout = server.WriteTimeoutPolicyRetry
	o.MaxPayload = 1 << 20
	if at.cluster != nil {
		at.cluster.apply(o)
	}
	return o, nil
}
