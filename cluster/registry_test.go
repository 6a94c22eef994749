package cluster_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestApply: only what differs is written, and the result says what.
func TestApply(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	nc := hub.Connect(t)
	check := func(step string, fleet *roostv1.Fleet, want cluster.Applied) {
		t.Helper()
		got, err := client.Apply(t.Context(), fleet)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	outcome := func(id string, action cluster.Action, revision uint64) cluster.Outcome {
		return cluster.Outcome{ID: id, Action: action, Revision: revision}
	}
	profile := func(action cluster.Action, revision uint64) []cluster.Outcome {
		return []cluster.Outcome{outcome("thermometer", action, revision)}
	}
	check("new", fleetOf(newDevice("d1"), newDevice("d2")), cluster.Applied{
		Profiles: profile(cluster.Added, 1),
		Devices:  []cluster.Outcome{outcome("d1", cluster.Added, 1), outcome("d2", cluster.Added, 1)},
	})
	info, err := jetStream(t, nc).Stream(t.Context(), names.ControlStream())
	if err != nil {
		t.Fatal(err)
	}
	before := info.CachedInfo().State.LastSeq

	check("the same", fleetOf(newDevice("d1"), newDevice("d2")), cluster.Applied{
		Profiles: profile(cluster.Unchanged, 1),
		Devices:  []cluster.Outcome{outcome("d1", cluster.Unchanged, 1), outcome("d2", cluster.Unchanged, 1)},
	})
	after, err := info.Info(t.Context())
	if err != nil || after.State.LastSeq != before {
		t.Errorf("applying the same wrote %d records, %v", after.State.LastSeq-before, err)
	}

	d2 := newDevice("d2")
	d2.Description = "at the door"
	d2.Bus = "d2" // its default, written down
	check("one changed", fleetOf(newDevice("d1"), d2), cluster.Applied{
		Profiles: profile(cluster.Unchanged, 1),
		Devices:  []cluster.Outcome{outcome("d1", cluster.Unchanged, 1), outcome("d2", cluster.Changed, 2)},
	})
	if err := client.Lock(t.Context(), "d1"); err != nil {
		t.Fatal(err)
	}
	check("locked stays locked", fleetOf(newDevice("d1")), cluster.Applied{
		Profiles: profile(cluster.Unchanged, 1),
		Devices:  []cluster.Outcome{outcome("d1", cluster.Unchanged, 2)},
	})
	if err := client.Retire(t.Context(), "d1"); err != nil {
		t.Fatal(err)
	}
	moved := newDevice("d1")
	moved.Bus = "line1"
	check("retired and added anew, elsewhere", fleetOf(moved), cluster.Applied{
		Profiles: profile(cluster.Unchanged, 1),
		Devices:  []cluster.Outcome{outcome("d1", cluster.Added, 4)},
	})
}

// TestApplyRefuses: what cannot be is refused with the reason, and nothing of it is written.
func TestApplyRefuses(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	change := func(spoil func(*roostv1.DeviceSpec)) *roostv1.Fleet {
		d := newDevice("d1")
		spoil(d)
		return fleetOf(newDevice("d2"), d)
	}
	tests := []struct {
		name  string
		fleet *roostv1.Fleet
		want  error
		text  string
	}{
		{"nothing", nil, roostv1.ErrInvalid, "no fleet"},
		{"another bus", change(func(d *roostv1.DeviceSpec) { d.Bus = "b2" }), roostv1.ErrInvalid, "retire"},
		{"an id that is none", change(func(d *roostv1.DeviceSpec) { d.Id = "a.b" }), roostv1.ErrInvalid, "a.b"},
		{"an unknown profile", change(func(d *roostv1.DeviceSpec) { d.Profile = "p9" }), roostv1.ErrInvalid, "p9"},
		{"the same id twice", change(func(d *roostv1.DeviceSpec) { d.Id = "d2" }), roostv1.ErrInvalid, "d2"},
		{"an old revision", change(func(d *roostv1.DeviceSpec) { d.Revision, d.Description = 7, "x" }), roostv1.ErrConflict, "revision 7"},
	}
	for _, test := range tests {
		_, err := client.Apply(t.Context(), test.fleet)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got %v, want %v with %q", test.name, err, test.want, test.text)
		}
	}
	if _, err := client.Device(t.Context(), "d2"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("a part of a refused fleet was written: %v", err)
	}
}

// TestProfileInUse: a profile is not changed so that a device which has it becomes invalid.
func TestProfileInUse(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	d := newDevice("d1")
	// A device that is stale after 1 s does not bear being polled every hour.
	d.Supervision = &roostv1.SupervisionPolicy{StaleAfter: seconds(1)}
	apply(t, client, d)
	slow := thermometer()
	for _, r := range slow.Resources {
		r.PollInterval = seconds(3600)
	}
	_, err := client.Apply(t.Context(), &roostv1.Fleet{Profiles: []*roostv1.Profile{slow}})
	if !errors.Is(err, roostv1.ErrConflict) || !strings.Contains(err.Error(), "d1") {
		t.Errorf("got %v, want ErrConflict that names the device", err)
	}
	if err := client.Retire(t.Context(), "d1"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Apply(t.Context(), &roostv1.Fleet{Profiles: []*roostv1.Profile{slow}}); err != nil {
		t.Errorf("after the device was retired: %v", err)
	}
}

// TestRegistryRace: writers that change the same devices at the same time lose no change: every
// change that was reported has its own revision.
func TestRegistryRace(t *testing.T) {
	const writers, rounds = 4, 6
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"), newDevice("d2"))
	var mu sync.Mutex
	revisions := map[string]string{}
	var running sync.WaitGroup
	for w := range writers {
		client := newClient(t, hub)
		running.Go(func() {
			for round := range rounds {
				var fleet []*roostv1.DeviceSpec
				for _, id := range []string{"d1", "d2"} {
					d := newDevice(id)
					d.Description = fmt.Sprintf("writer %d round %d", w, round)
					fleet = append(fleet, d)
				}
				applied, err := client.Apply(t.Context(), fleetOf(fleet...))
				if errors.Is(err, roostv1.ErrConflict) {
					continue // it gave up, and said so
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for i, o := range applied.Devices {
					key := fmt.Sprintf("%s/%d", o.ID, o.Revision)
					if other, taken := revisions[key]; taken && o.Action != cluster.Unchanged {
						t.Errorf("revision %s was written by %q and by %q", key, other, fleet[i].Description)
					}
					revisions[key] = fleet[i].Description
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	for _, id := range []string{"d1", "d2"} {
		view, err := newClient(t, hub).Device(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf("%s/%d", id, view.Spec.Revision)
		if want, known := revisions[key]; known && view.Spec.Description != want {
			t.Errorf("%s: got %q, want %q", key, view.Spec.Description, want)
		}
	}
}

// TestAdminStateRace: locking and unlocking at the same time ends in one of the two, and each
// change counts.
func TestAdminStateRace(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	var running sync.WaitGroup
	for i := range 6 {
		running.Go(func() {
			act := client.Lock
			if i%2 == 0 {
				act = client.Unlock
			}
			if err := act(t.Context(), "d1"); err != nil && !errors.Is(err, roostv1.ErrConflict) {
				t.Error(err)
			}
		})
	}
	running.Wait()
	view, err := client.Device(t.Context(), "d1")
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(newDevice("d1"))
	want.AdminState, want.Revision = view.Spec.AdminState, view.Spec.Revision
	if !proto.Equal(view.Spec, want) || view.Spec.Revision > 7 {
		t.Errorf("got %v", view.Spec)
	}
}

// TestClientChecksIDs: an id that would name something else in a subject never gets into one.
func TestClientChecksIDs(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	ctx := t.Context()
	for _, bad := range []string{"", "*", ">", "a.b", "a b", strings.Repeat("x", 65)} {
		_, deviceErr := client.Device(ctx, bad)
		_, sendErr := client.Send(ctx, &roostv1.Command{DeviceId: bad, Name: "set"}, 0)
		for name, err := range map[string]error{
			"Device": deviceErr, "Send": sendErr, "Retire": client.Retire(ctx, bad), "Lock": client.Lock(ctx, bad), "Release": client.Release(ctx, bad),
		} {
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%s(%q): got %v, want ErrInvalid", name, bad, err)
			}
		}
	}
	if err := client.Retire(ctx, "nobody"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("Retire of a device that there is not: got %v, want ErrNotFound", err)
	}
}

// TestLostAnswer: a write whose answer was lost is read back, and counts once.
func TestLostAnswer(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	js := jetStream(t, hub.Connect(t))
	config := mustStream(t, js, names.ControlStream()).CachedInfo().Config
	config.NoAck = true // the hub stores, and says nothing
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if err := client.Lock(t.Context(), "d1"); err != nil {
		t.Fatal(err)
	}
	view, err := client.Device(t.Context(), "d1")
	if err != nil || view.Spec.Revision != 2 || view.Spec.AdminState != roostv1.AdminState_ADMIN_STATE_LOCKED {
		t.Errorf("got %v, %v; want it locked, at revision 2", view.Spec, err)
	}
}
