package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func (e *examination) jetStream() (jetstream.JetStream, error) { return jetstream.New(e.nc) }

// here reports whether a gateway is to be there: it has neither left nor been evicted.
func here(g cluster.GatewayView) bool {
	s := g.Status.GetState()
	return s == roostv1.MemberState_MEMBER_STATE_LIVE || s == roostv1.MemberState_MEMBER_STATE_DRAINING
}

// gateways: those that are to be there are to answer, and to hold their lease.
func gateways(ctx context.Context, e *examination) Finding {
	all, err := e.members(ctx)
	if err != nil {
		return unknown(err)
	}
	var silent, suspended, away, answer []string
	for _, g := range all {
		id := g.Status.GatewayId
		switch {
		case g.Status.State == roostv1.MemberState_MEMBER_STATE_EVICTED:
			away = append(away, id)
		case !here(g):
		case !g.Answers:
			silent = append(silent, id)
		case g.Status.Suspended:
			suspended = append(suspended, id)
		default:
			answer = append(answer, id)
		}
	}
	seen := named("hold their lease: ", answer) + named("do not answer: ", silent) +
		named("are suspended and act on no shared device: ", suspended) + named("were evicted: ", away)
	f := ok("%s", strings.TrimSuffix(seen, "; "))
	switch {
	case len(answer)+len(suspended)+len(silent) == 0:
		f.State, f.Mend = Warning, "start one: roost gateway"
		f.Seen = strings.TrimPrefix("no gateway is there; "+f.Seen, "; ")
		f.Seen = strings.TrimSuffix(f.Seen, "; ")
	case len(silent) > 0:
		f.State, f.Mend = Warning, "look at the host of "+silent[0]+": roost gateways tells which that is"
	case len(suspended) > 0:
		f.State, f.Mend = Warning, "look at the link of "+suspended[0]+" to the hub: it has not had a renewal accepted for its lease"
	case len(away) > 0:
		f.State, f.Mend = Warning, "start "+away[0]+" again, or leave it: its devices are served by others where others can"
	}
	return f
}

// versions: gateways of two versions serve one fleet while it is updated, and not for longer.
func versions(ctx context.Context, e *examination) Finding {
	all, err := e.members(ctx)
	if err != nil {
		return unknown(err)
	}
	by := map[string][]string{}
	for _, g := range all {
		if here(g) {
			v := cmp.Or(g.Status.Version, "of no known version")
			by[v] = append(by[v], g.Status.GatewayId)
		}
	}
	if len(by) == 0 {
		return ok("no gateway is there")
	}
	kinds := slices.Sorted(maps.Keys(by))
	if len(by) == 1 && (e.Version == "" || kinds[0] == e.Version) {
		return ok("%s, all of them", kinds[0])
	}
	var seen []string
	for _, v := range kinds {
		seen = append(seen, v+": "+some(by[v]))
	}
	f := Finding{State: Warning, Seen: strings.Join(seen, "; ")}
	if len(by) == 1 {
		f.Seen += "; this program is " + e.Version
	}
	f.Mend = "run the same version everywhere: drain a gateway with roost gateway drain ID, then replace it, one after the other"
	return f
}

// shown is how many of many are named.
const shown = 5

// some names some.
func some(ids []string) string {
	if len(ids) <= shown {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:shown], ", "), len(ids)-shown)
}

func named(head string, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return head + some(ids) + "; "
}
