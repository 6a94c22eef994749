package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// clockWrong is how far off a clock may be before people are misled: they compare times to seconds.
const clockWrong = time.Second

// clocks: nothing is decided by them. Certificates expire by them, and people read them.
func clocks(ctx context.Context, e *examination) Finding {
	var wrong []string
	mend := ""
	note := func(who string, ahead time.Duration, how string) {
		if ahead.Abs() < clockWrong {
			return
		}
		by := "ahead of"
		if ahead < 0 {
			by = "behind"
		}
		wrong = append(wrong, fmt.Sprintf("%s is %s %s the hub", who, ahead.Abs().Round(100*time.Millisecond), by))
		if mend == "" {
			mend = how
		}
	}
	hub, err := e.hubTime(ctx)
	if err == nil {
		note("this machine", time.Since(hub), "set this machine's clock, and keep it with chrony or systemd-timesyncd")
		e.serverClocks(ctx, hub, note)
	}
	gateways, known := e.memberClocks(ctx, note)
	switch {
	case len(wrong) > 0:
		return Finding{State: Warning, Seen: strings.Join(wrong, "; "), Mend: mend}
	case err != nil:
		return unknown(err)
	}
	return ok("this machine and %d of %d gateways within %s of the hub", known, gateways, clockWrong)
}

// memberClocks tells of the gateways that know their clock, and how many do.
func (e *examination) memberClocks(ctx context.Context, note func(who string, ahead time.Duration, how string)) (all, known int) {
	members, err := e.members(ctx)
	if err != nil {
		return 0, 0
	}
	for _, g := range members {
		if !here(g) {
			continue
		}
		all++
		if g.Answers && g.Status.ClockAhead != nil {
			known++
			note("gateway "+g.Status.GatewayId, g.Status.ClockAhead.AsDuration(), "set the clock of its host, "+cmp.Or(g.Status.Host, "which it does not name")+"; readings are on the hub's time all the same")
		}
	}
	return all, known
}

// hubTime is the time of the server that leads the control stream, or was a moment ago.
func (e *examination) hubTime(ctx context.Context) (time.Time, error) {
	now, _, err := e.leaderTime(ctx, e.names.ControlStream())
	return now, err
}

// serverClocks compares the servers that lead streams. Times of readings and of commands are by different ones.
func (e *examination) serverClocks(ctx context.Context, hub time.Time, note func(who string, ahead time.Duration, how string)) {
	since := time.Now()
	for _, stream := range []string{e.names.ReadingsStream(), e.names.CommandsStream()} {
		now, leader, err := e.leaderTime(ctx, stream)
		if err == nil && leader != "" {
			note("server "+leader, now.Sub(hub)-time.Since(since), "set the clock of that server, and keep it with chrony or systemd-timesyncd")
		}
	}
}

// leaderTime is the time of the server that leads a stream, and its name; empty: there is only one.
func (e *examination) leaderTime(ctx context.Context, name string) (now time.Time, leader string, err error) {
	js, err := e.jetStream()
	if err != nil {
		return time.Time{}, "", err
	}
	ctx, cancel := bounded(ctx, asking)
	defer cancel()
	err = e.unlessRefused(ctx, func(ctx context.Context) error {
		asked := time.Now()
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		now = info.TimeStamp.Add(time.Since(asked) / 2)
		if info.Cluster != nil {
			leader = info.Cluster.Leader
		}
		return nil
	})
	if err != nil {
		return time.Time{}, "", fmt.Errorf("ask %s for the hub's time: %w", name, err)
	}
	return now, leader, nil
}
