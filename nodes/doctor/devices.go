package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

type device = *roostv1.DeviceStatus

// devices: one in quarantine is tried seldom, and not served meanwhile.
func devices(ctx context.Context, e *examination) Finding {
	all, err := e.served(ctx)
	if err != nil {
		return unknown(err)
	}
	var quarantined []string
	online := 0
	for _, d := range all {
		switch d.State {
		case roostv1.DeviceState_DEVICE_STATE_QUARANTINED:
			quarantined = append(quarantined, d.DeviceId)
		case roostv1.DeviceState_DEVICE_STATE_ONLINE:
			online++
		}
	}
	f := ok("%d of %d are online", online, len(all))
	if len(quarantined) > 0 {
		f.State, f.Seen = Warning, f.Seen+"; "+fmt.Sprintf("%d in quarantine: ", len(quarantined))+some(quarantined)
		f.Mend = "see what is wrong with roost why " + quarantined[0] + ", then roost device release " + quarantined[0]
	}
	return f
}

// mostWhy is how many devices that nobody serves are asked about.
const mostWhy = 8

// placement: a device that no gateway may serve, is never served.
func placement(ctx context.Context, e *examination) Finding {
	all, err := e.served(ctx)
	if err != nil {
		return unknown(err)
	}
	var unplaced []string
	for _, d := range all {
		if d.State == roostv1.DeviceState_DEVICE_STATE_UNPLACED {
			unplaced = append(unplaced, d.DeviceId)
		}
	}
	if len(unplaced) == 0 {
		return ok("each device has a gateway that serves it")
	}
	f := Finding{State: Warning, Seen: fmt.Sprintf("%d are served by nobody: %s", len(unplaced), some(unplaced))}
	f.Mend = "roost why " + unplaced[0]
	nowhere, reason := e.nowhere(ctx, unplaced[:min(len(unplaced), mostWhy)])
	if len(nowhere) > 0 {
		f.Seen += "; no gateway may serve " + some(nowhere) + reason
		f.Mend = "start a gateway that " + nowhere[0] + " names, or give one the labels: roost why " + nowhere[0] + " tells what each lacks"
	}
	return f
}

// nowhere are those devices that no gateway is eligible for, and why the first gateway is not for the first of them.
func (e *examination) nowhere(ctx context.Context, devices []string) (ids []string, reason string) {
	for _, id := range devices {
		story, err := e.client.Why(ctx, id)
		if err != nil {
			continue
		}
		eligible, why := false, ""
		for _, c := range story.Candidates {
			eligible = eligible || c.Eligible
			if why == "" && c.Reason != "" {
				why = " (" + c.GatewayId + ": " + c.Reason + ")"
			}
		}
		if eligible {
			continue
		}
		if ids = append(ids, id); len(ids) == 1 {
			reason = why
		}
	}
	return ids, reason
}

const (
	// history is how far back commands are looked for that have not ended.
	history = 24 * time.Hour
	// settled is for how long after its deadline a command may still be open: a doubt is settled, or its owner
	// replaced, within that.
	settled = 30 * time.Second
	// mostOverdue are counted.
	mostOverdue = 100
)

var open = []roostv1.CommandState{
	roostv1.CommandState_COMMAND_STATE_ACCEPTED, roostv1.CommandState_COMMAND_STATE_QUEUED,
	roostv1.CommandState_COMMAND_STATE_DISPATCHED, roostv1.CommandState_COMMAND_STATE_UNKNOWN,
}

// commands: every one ends. One that has not, long after its deadline, has nobody who ends it.
func commands(ctx context.Context, e *examination) Finding {
	now, err := e.hubTime(ctx)
	if err != nil {
		return unknown(err)
	}
	ctx, cancel := bounded(ctx, measuring)
	defer cancel()
	count := 0
	var overdue []string
	err = e.unlessRefused(ctx, func(ctx context.Context) error {
		for record, err := range e.client.Commands(ctx, cluster.CommandQuery{Last: history, States: open}) {
			switch {
			case errors.Is(err, roostv1.ErrInvalid): // a message that is no record; others are
				continue
			case err != nil:
				return err
			}
			count++
			if e.overdue(ctx, record, now) {
				overdue = append(overdue, record.DeviceId+" "+record.CommandId)
			}
			if len(overdue) == mostOverdue {
				break
			}
		}
		return nil
	})
	if err != nil {
		return unknown(err)
	}
	if len(overdue) == 0 {
		return ok("%d have not ended, none of them after its deadline", count)
	}
	first := overdue[0]
	id := first[strings.LastIndexByte(first, ' ')+1:]
	return Finding{State: Warning, Seen: fmt.Sprintf("%d have not ended after their deadline: %s", len(overdue), some(overdue)),
		Mend: "start a gateway if none is there, and look at it: roost command " + id}
}

// overdue reports whether a command should have ended. One that names no deadline has that of its device's policy.
func (e *examination) overdue(ctx context.Context, record *roostv1.CommandRecord, now time.Time) bool {
	var policy *roostv1.CommandPolicy
	late := func() bool {
		_, expires := record.Times(policy.Resolve())
		return now.After(expires.Add(settled))
	}
	if !late() || record.GetCommand().GetExpiresIn() != nil {
		return late()
	}
	if view, err := e.client.Device(ctx, record.DeviceId); err == nil {
		policy = view.Spec.GetCommands()
	}
	return late()
}
