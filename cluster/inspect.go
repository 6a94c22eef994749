package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// HubInspection is what a client sees of the server that it is connected to.
type HubInspection struct {
	Where     string // its address, without secrets
	Name      string // of the server
	Version   string // of nats-server
	NewEnough bool   // the version has all that Roost needs
	// Payload is the server's max_payload in bytes, and LeastPayload what it must be.
	Payload, LeastPayload int64
	// Servers is how many servers the hub is to have: 3 where it is a cluster.
	Servers int
}

// LeastVersion is the oldest nats-server that can be a hub.
var LeastVersion = fmt.Sprintf("%d.%d", minMajor, minMinor)

// InspectHub tells what can be seen of the hub's settings, without judging them. The error is ErrUnavailable:
// the hub is away.
func InspectHub(nc *nats.Conn) (HubInspection, error) {
	before := nc.Stats().Reconnects
	h := HubInspection{
		Where: nc.ConnectedUrlRedacted(), Name: nc.ConnectedServerName(), Version: nc.ConnectedServerVersion(),
		Payload: nc.MaxPayload(), LeastPayload: minPayload, Servers: 1,
	}
	h.NewEnough = newEnough(h.Version)
	if nc.ConnectedClusterName() != "" {
		h.Servers = clusterServers
	}
	if !nc.IsConnected() || nc.Stats().Reconnects != before {
		return HubInspection{}, errAway // what was read may be of nobody, or of two servers
	}
	return h, nil
}

// StreamInspection is how one stream of a fleet is.
type StreamInspection struct {
	Name string
	// Info is what the hub says of it; nil: it is not there, or Err.
	Info *jetstream.StreamInfo
	// Flaws are what breaks a promise. Its replicas, and what else is the operator's choice, are not looked at.
	Flaws []Flaw
	// Err is why it could not be looked at.
	Err error
}

// Inspect looks at the streams of a fleet, and changes nothing: the control stream, the readings, and the
// history of commands. The error is ErrUnavailable: the hub is away.
func (s Schema) Inspect(ctx context.Context, nc *nats.Conn, names Subjects) ([]StreamInspection, error) {
	hub, err := InspectHub(nc)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	var all []StreamInspection
	for _, want := range s.withDefaults(hub.Servers).streams(names) {
		all = append(all, inspectStream(ctx, js, want))
	}
	return all, nil
}

func inspectStream(ctx context.Context, js jetstream.JetStream, want wantedStream) StreamInspection {
	i := StreamInspection{Name: want.Name}
	stream, err := js.Stream(ctx, want.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return i
	case err != nil:
		i.Err = schemaError(ctx, want.StreamConfig, err)
		return i
	}
	i.Info = stream.CachedInfo()
	i.Flaws = want.flaws(i.Info.Config, want.StreamConfig)
	return i
}
