package cluster

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// The oldest server with atomic batches.
	minMajor, minMinor = 2, 12
	// minPayload is the least max_payload that lets a hub take the largest record. Readings go in
	// pieces that fit whatever it is.
	minPayload = roostv1.MaxRecord + headerRoom
	// clusterServers is how many servers hold a stream where the hub is a cluster.
	clusterServers = 3
	// codeNoPeers is the server's code for a stream that not enough servers are there to hold.
	codeNoPeers jetstream.ErrorCode = 10005
)

// checkHub checks, of the hub's settings, those that a client sees and that would break a promise, and
// returns how many servers are to hold a stream. What is not as it must be is
// ErrConflict, and named as nats-server names it. That writes are synced it cannot see: README.md
// says what to set.
func checkHub(nc *nats.Conn) (servers int, err error) {
	hub, err := InspectHub(nc)
	switch {
	case err != nil:
		return 0, err
	case !hub.NewEnough:
		return 0, roostv1.Errorf(roostv1.ErrConflict,
			"the hub at %s runs nats-server %s: at least %s is needed", hub.Where, hub.Version, LeastVersion)
	case hub.Payload < hub.LeastPayload:
		return 0, roostv1.Errorf(roostv1.ErrConflict,
			"the hub at %s has settings that break what Roost relies on: max_payload is %d, must be at least %d", hub.Where, hub.Payload, hub.LeastPayload)
	}
	return hub.Servers, nil
}

// newEnough reports whether a server's version has what the schema needs.
func newEnough(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 3 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > minMajor || major == minMajor && minor >= minMinor)
}

// schemaError is hubError for a stream that could not be made or looked at. Both of what it adds may
// pass by itself, so whoever waits for the hub waits for it too.
func schemaError(ctx context.Context, want jetstream.StreamConfig, err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return roostv1.Errorf(roostv1.ErrUnavailable, "nobody answers for JetStream at the hub: jetstream must be enabled there")
	case refusedWith(err, codeNoPeers): // the server's own words are in it: it may also lack room
		return roostv1.Errorf(roostv1.ErrUnavailable, "the hub has not %d servers yet that can hold it: %v", want.Replicas, err)
	}
	return hubError(ctx, err)
}
