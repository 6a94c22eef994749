package doctor

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/hub"
)

// hubVersion: an older server lacks atomic batches, on which readings and claims rely.
func hubVersion(_ context.Context, e *examination) Finding {
	if e.hub.NewEnough {
		return ok("nats-server %s", e.hub.Version)
	}
	f := ok("nats-server %s: at least %s is needed", e.hub.Version, cluster.LeastVersion)
	f.State, f.Mend = Unsafe, "install nats-server "+cluster.LeastVersion+" or later, or use roost hub"
	return f
}

// maxPayload: the largest record has to fit.
func maxPayload(_ context.Context, e *examination) Finding {
	if e.hub.Payload >= e.hub.LeastPayload {
		return ok("%d bytes", e.hub.Payload)
	}
	f := ok("%d bytes: must be at least %d", e.hub.Payload, e.hub.LeastPayload)
	f.State, f.Mend = Unsafe, "in the server's configuration: max_payload: 1MB"
	return f
}

// exposure: who reaches a hub without users may do anything.
func exposure(_ context.Context, e *examination) Finding {
	_, secret := e.nc.TLSConnectionState()
	encrypted := secret == nil
	switch where := e.nc.ConnectedUrl(); {
	case loopback(where) && !e.nc.AuthRequired():
		return ok("without users, reached on loopback")
	case !e.nc.AuthRequired():
		return Finding{State: Unsafe, Seen: "anybody who reaches the hub may do anything: it has no users",
			Mend: "have it listen on loopback only, or give it certificates and users"}
	case !loopback(where) && !encrypted:
		return Finding{State: Unsafe, Seen: "what is sent can be read on the way: the connection is not encrypted",
			Mend: "give the hub a certificate, and dial tls://"}
	case encrypted:
		return ok("with users, and encrypted")
	}
	return ok("with users, reached on loopback")
}

func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return net.ParseIP(u.Hostname()).IsLoopback()
	}
	return ip.IsLoopback()
}

// synced: what is acknowledged has to be on disk. No client sees that.
func synced(_ context.Context, e *examination) Finding {
	if hub.Named(e.hub.Name) {
		return ok("%s is a hub of roost by its name, which syncs before it acknowledges", e.hub.Name)
	}
	f := ok("sync_interval cannot be seen from here; if it is not set, what was acknowledged in the last two minutes is lost with the power")
	if e.write.count > 0 && e.trip.count > 0 {
		if beyond := e.write.half - e.trip.half; beyond < suspicious {
			f.Seen += "; a write takes hardly longer than a round trip, so it may well not be"
		} else {
			f.Seen += "; a write takes " + beyond.Round(10*time.Microsecond).String() + " longer than a round trip"
		}
	}
	f.State, f.Mend = Unknown, "in the server's configuration, below jetstream: sync_interval: always"
	return f
}

// suspicious is less than a disk takes to sync.
const suspicious = 100 * time.Microsecond
