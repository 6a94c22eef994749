package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
)

// directGet is the setting that has a check of its own.
const directGet = "allow_direct"

// streams: their settings carry the promises.
func streams(ctx context.Context, e *examination) Finding {
	return judgeStreams(ctx, e, "as they must be", func(s cluster.StreamInspection) (State, string, string) {
		if s.Info == nil {
			return Warning, s.Name + " is missing", "start a gateway, which makes it: roost gateway"
		}
		var flaws []string
		for _, f := range s.Flaws {
			if f.Setting != directGet {
				flaws = append(flaws, f.Text)
			}
		}
		if len(flaws) == 0 {
			return OK, "", ""
		}
		return Unsafe, s.Name + ": " + strings.Join(flaws, "; "), "change that with nats stream edit " + s.Name + ", or let gateways make it anew elsewhere: what cannot be edited stays"
	})
}

// directGets are answered by any replica, however far behind it is.
func directGets(ctx context.Context, e *examination) Finding {
	return judgeStreams(ctx, e, "off", func(s cluster.StreamInspection) (State, string, string) {
		if s.Info == nil || !s.Info.Config.AllowDirect {
			return OK, "", ""
		}
		return Unsafe, s.Name + " answers direct gets, out of date at times", "nats stream edit " + s.Name + " --no-allow-direct"
	})
}

// replicas: what one server alone has is lost with it, and what less than two of three have is not written.
func replicas(ctx context.Context, e *examination) Finding {
	all := fmt.Sprintf("each stream on %s", servers(e.hub.Servers))
	return judgeStreams(ctx, e, all, func(s cluster.StreamInspection) (State, string, string) {
		switch {
		case s.Info == nil:
			return OK, "", ""
		case s.Info.Config.Replicas < e.hub.Servers:
			return Unsafe, fmt.Sprintf("%s is on %s of %d", s.Name, servers(s.Info.Config.Replicas), e.hub.Servers),
				spread(s, e.hub.Servers)
		case s.Info.Cluster == nil || e.hub.Servers == 1:
			return OK, "", ""
		case s.Info.Cluster.Leader == "":
			return Unsafe, s.Name + " has no leader: nothing can be written", "start the servers of the hub that are away"
		}
		return peers(s)
	})
}

// spread says how to have a stream on more servers. One that does not sync each record, as the history on a hub of one,
// cannot be changed to be: the hub refuses that.
func spread(s cluster.StreamInspection, servers int) string {
	if s.Info.Config.PersistMode != jetstream.DefaultPersistMode {
		return "nats stream rm " + s.Name + ", and start a gateway again: it makes it anew, with what the control stream still has"
	}
	return fmt.Sprintf("nats stream edit %s --replicas %d", s.Name, servers)
}

// peers looks at the servers that follow the leader.
func peers(s cluster.StreamInspection) (State, string, string) {
	var wrong []string
	mend := "wait until it has caught up, and look again"
	for _, p := range s.Info.Cluster.Replicas {
		switch {
		case p.Offline:
			wrong = append(wrong, p.Name+" is away")
			mend = "start the server " + p.Name
		case !p.Current || p.Lag > 0:
			wrong = append(wrong, fmt.Sprintf("%s is %d behind", p.Name, p.Lag))
		}
	}
	if len(wrong) == 0 {
		return OK, "", ""
	}
	return Warning, s.Name + ": " + strings.Join(wrong, ", "), mend
}

// judgeStreams judges each stream. The finding has the worst state, all that is wrong, and how to mend the
// first of the worst.
func judgeStreams(ctx context.Context, e *examination, good string, judge func(cluster.StreamInspection) (State, string, string)) Finding {
	all, err := e.streams(ctx)
	if err != nil {
		return unknown(err)
	}
	f := Finding{}
	var seen []string
	for _, s := range all {
		state, text, mend := judge(s)
		if s.Err != nil {
			state, text, mend = Unknown, s.Name+": "+s.Err.Error(), ""
		}
		if text != "" {
			seen = append(seen, text)
		}
		if state > f.State {
			f.State, f.Mend = state, mend
		}
	}
	if f.Seen = strings.Join(seen, "; "); f.Seen == "" {
		f.Seen = good
	}
	return f
}

func servers(n int) string {
	if n == 1 {
		return "1 server"
	}
	return fmt.Sprintf("%d servers", n)
}
