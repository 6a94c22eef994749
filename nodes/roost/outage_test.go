package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// attachedTo has every fourth device reached by that gateway alone.
func attachedTo(gateway string) func(*roostv1.DeviceSpec) {
	return func(d *roostv1.DeviceSpec) {
		if strings.HasSuffix(d.Id, "4") || strings.HasSuffix(d.Id, "8") {
			d.Placement = &roostv1.Placement{Gateways: []string{gateway}}
		}
	}
}

// TestHubOutage: a hub that is away for many leases evicts nobody and moves nothing, and what is attached to
// one gateway, and what is only read, goes on meanwhile.
func TestHubOutage(t *testing.T) {
	hubOutage(t, 40, 12*time.Second)
}

// BenchmarkHubOutage has the hub away for a minute, which is thirty leases, and tells the longest time for which
// a device was not read, attached or shared. Each is read once a second.
func BenchmarkHubOutage(b *testing.B) {
	if testing.Short() {
		b.Skip("left out of short runs: the hub is away for a minute")
	}
	for b.Loop() {
		attached, shared := hubOutage(b, 300, time.Minute)
		b.ReportMetric(attached.Seconds(), "s-attached-unread")
		b.ReportMetric(shared.Seconds(), "s-shared-unread")
	}
	b.ReportMetric(0, "ns/op")
}

// hubOutage stops the hub for that long, checks that all is as before when it is back, and returns for how
// long a device was not read at most.
func hubOutage(tb testing.TB, devices int, length time.Duration) (attached, shared time.Duration) {
	tb.Helper()
	f := newFleet(tb, devices, attachedTo("gw-1"))
	f.start("gw-1")
	f.start("gw-2")
	f.until("all is served, and has its place", func() bool { return len(f.owners()) == len(f.devices) && f.unchanged(5*time.Second) })
	before := f.epochs()
	at := f.now()
	listened := f.stopHub()
	away := time.NewTimer(length)
	defer away.Stop()
	<-away.C
	f.startHub(listened)
	back := f.now()
	f.until("all is online again", func() bool { return len(f.owners()) == len(f.devices) })
	f.until("an eviction would have come", func() bool { return f.now().Sub(back) > 6*time.Second })
	for device, was := range before {
		if is := f.epochs()[device]; is != was {
			tb.Errorf("%s: was owned under %v, is under %v", device, was, is)
		}
	}
	return f.unread(at, back)
}

// ownership is who serves a device under which epoch.
type ownership struct {
	gateway string
	epoch   uint64
}

func (f *fleet) epochs() map[string]ownership {
	f.tb.Helper()
	devices, err := f.client.Devices(f.tb.Context())
	if err != nil {
		f.tb.Fatal(err)
	}
	owners := map[string]ownership{}
	for _, d := range devices {
		owners[d.DeviceId] = ownership{d.Gateway, d.Epoch}
	}
	return owners
}

// unchanged reports whether no device has changed hands for that long.
func (f *fleet) unchanged(length time.Duration) bool {
	now := f.now()
	if gaps := sim.PollGaps(f.records()); len(gaps) > 0 && now.Sub(gaps[len(gaps)-1].First.At) < length {
		return false
	}
	records := f.records()
	return len(records) > 0 && now.Sub(records[0].At) > length
}

// unread returns for how long an attached and a shared device was not read at most, between two instants.
func (f *fleet) unread(from, to boottime.Instant) (attached, shared time.Duration) {
	last := map[string]boottime.Instant{}
	alone := map[string]bool{}
	for _, d := range f.devices {
		last[d.Id], alone[d.Id] = from, d.Attached()
	}
	note := func(device string, at boottime.Instant) {
		gap := at.Sub(last[device])
		if last[device] = at; alone[device] {
			attached = max(attached, gap)
		} else {
			shared = max(shared, gap)
		}
	}
	for _, r := range f.records() {
		if r.Kind == sim.KindRead && r.Result == sim.Done && !r.At.Before(from) && r.At.Before(to) {
			note(r.Device, r.At)
		}
	}
	for device := range last {
		note(device, to)
	}
	return attached, shared
}
