package doctor

import (
	"context"
	"fmt"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// spools: a gateway that cannot keep readings loses them while the hub is away.
func spools(ctx context.Context, e *examination) Finding {
	all, err := e.members(ctx)
	if err != nil {
		return unknown(err)
	}
	var wrong []string
	fine := 0
	for _, g := range all {
		spool := g.Status.GetSpool()
		switch {
		case !g.Answers || spool == nil:
		case spool.State == roostv1.SpoolState_SPOOL_STATE_FULL, spool.State == roostv1.SpoolState_SPOOL_STATE_FAILING:
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s", g.Status.GatewayId, spool.State.Word(), spool.Error))
		default: // also one that was switched off
			fine++
		}
	}
	if len(wrong) > 0 {
		return Finding{State: Unsafe, Seen: strings.Join(wrong, "; "),
			Mend: "make room on that gateway's disk, or mend it: what does not fit is lost, and declared"}
	}
	return ok("%d gateways keep readings on disk", fine)
}
