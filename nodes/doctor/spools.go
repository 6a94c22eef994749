package doctor

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// spools: a gateway that cannot keep readings loses them while the hub is away.
func spools(ctx context.Context, e *examination) Finding {
	field := (&roostv1.GatewayStatus{}).ProtoReflect().Descriptor().Fields().ByName("spool")
	if field == nil || field.Message() == nil {
		return ok("gateways of this version tell nothing of spools")
	}
	all, err := e.members(ctx)
	if err != nil {
		return unknown(err)
	}
	var wrong []string
	fine := 0
	for _, g := range all {
		status := g.Status.ProtoReflect()
		if !g.Answers || !status.Has(field) {
			continue
		}
		if state := spoolState(status.Get(field).Message()); state != "" {
			wrong = append(wrong, g.Status.GatewayId+": "+state)
		} else {
			fine++
		}
	}
	if len(wrong) > 0 {
		return Finding{State: Unsafe, Seen: strings.Join(wrong, "; "),
			Mend: "make room on that gateway's disk, or mend it: what does not fit is lost, and declared"}
	}
	return ok("%d gateways keep readings on disk", fine)
}

// spoolState says what is wrong with a spool; nothing: it is as it should be, or was switched off.
func spoolState(spool protoreflect.Message) string {
	field := spool.Descriptor().Fields().ByName("state")
	if field == nil || field.Enum() == nil {
		return ""
	}
	value := field.Enum().Values().ByNumber(spool.Get(field).Enum())
	if value == nil {
		return ""
	}
	state := strings.ToLower(strings.TrimPrefix(string(value.Name()), "SPOOL_STATE_"))
	if state != "full" && state != "failing" {
		return ""
	}
	for _, name := range []protoreflect.Name{"last_error", "error"} {
		if f := spool.Descriptor().Fields().ByName(name); f != nil && f.Kind() == protoreflect.StringKind {
			return fmt.Sprintf("%s: %s", state, spool.Get(f).String())
		}
	}
	return state
}
