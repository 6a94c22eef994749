package cluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestFleetInFlight: as many commands as wanted are in flight at one time, and never more.
func TestFleetInFlight(t *testing.T) {
	const devices, most = 60, 4
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, devices), newClerk(t, hub)
	run := sendAll(t, client, limitFleet(func(c *cluster.FleetCommand) { c.MaxInFlight = most }))
	runs(t, func(context.Context) error {
		var open []pendingSend
		for begun := 0; begun < devices || len(open) > 0; {
			for begun < devices && len(open) < most { // it hangs here if fewer are in flight
				open = append(open, clerk.next(t))
				begun++
			}
			if n := len(open) + len(clerk.got); n > most {
				t.Errorf("%d are in flight", n)
			}
			clerk.carryOut(t, open[0])
			open = open[1:]
		}
		return nil
	})
	seen := map[string]bool{}
	for record := range run.Outcomes(t.Context()) {
		seen[record.DeviceId] = true
		if record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || record.Command.ParentId != "batch-17" {
			t.Errorf("got %v", record)
		}
	}
	if len(seen) != devices {
		t.Errorf("got outcomes of %d devices", len(seen))
	}
}

// TestFleetAgain: a fleet command that is sent again with its id is the same, device by device.
func TestFleetAgain(t *testing.T) {
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, 5), newClerk(t, hub)
	clerk.serve(t)
	var ids [2][]string
	for i := range ids {
		for record := range sendAll(t, client, limitFleet()).Outcomes(t.Context()) {
			ids[i] = append(ids[i], record.CommandId)
			if record.CommandId != cluster.FleetCommandID("batch-17", record.DeviceId) {
				t.Errorf("%s: got the id %s", record.DeviceId, record.CommandId)
			}
		}
		slices.Sort(ids[i])
	}
	if len(ids[0]) != 5 || !slices.Equal(ids[0], ids[1]) || len(clerk.done) != 5 {
		t.Errorf("got %v, then %v; %d were carried out", ids[0], ids[1], len(clerk.done))
	}
	if id, err := uuid.Parse(ids[0][0]); err != nil || id.Version() != 5 {
		t.Errorf("got %v, %v, want a UUIDv5", id, err)
	}
	one, other := limitFleet(func(c *cluster.FleetCommand) { c.Command.Id = "" }), limitFleet(func(c *cluster.FleetCommand) { c.Command.Id = "" })
	if a, b := sendAll(t, client, one).ID, sendAll(t, client, other).ID; a == b || a == "" {
		t.Errorf("without an id: got %q and %q", a, b)
	}
}

// TestFleetCancelled: what was not begun is not, what was is waited for, and each is told.
func TestFleetCancelled(t *testing.T) {
	for name, answers := range map[string]bool{"answered": true, "silent": false} {
		t.Run(name, func(t *testing.T) {
			hub := clustertest.Start(t)
			client, clerk := pumps(t, hub, 10), newClerk(t, hub)
			run := sendAll(t, client, limitFleet(func(c *cluster.FleetCommand) { c.MaxInFlight = 2 }))
			ctx, cancel := context.WithCancel(t.Context())
			asked := map[string]bool{}
			runs(t, func(context.Context) error {
				flying := []pendingSend{clerk.next(t), clerk.next(t)}
				asked[flying[0].command.Id], asked[flying[1].command.Id] = true, true
				cancel()
				for _, p := range flying {
					if answers {
						clerk.carryOut(t, p)
					}
				}
				return nil
			})
			begun := roostv1.CommandState_COMMAND_STATE_UNKNOWN
			if answers {
				begun = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
			}
			count, began := map[roostv1.CommandState]int{}, time.Now()
			for record := range run.Outcomes(ctx) {
				count[record.State]++
				if record.State == 0 && (!errors.Is(record.Status, roostv1.ErrCancelled) || record.Effect != roostv1.Effect_EFFECT_NONE) {
					t.Errorf("not begun: got %v", record)
				}
			}
			if took := time.Since(began); took >= askWait {
				t.Errorf("it took %v to give up", took)
			}
			for len(clerk.got) > 0 { // who was silent was asked again
				asked[(<-clerk.got).command.Id] = true
			}
			if count[begun] != 2 || count[0] != 8 || len(asked) != 2 {
				t.Errorf("got %v, and %d were sent", count, len(asked))
			}
		})
	}
}

// TestFleetBreak: nobody wants more outcomes, so no more commands are begun.
func TestFleetBreak(t *testing.T) {
	hub := clustertest.Start(t)
	client, clerk := pumps(t, hub, 50), newClerk(t, hub)
	clerk.serve(t)
	for range sendAll(t, client, limitFleet(func(c *cluster.FleetCommand) { c.MaxInFlight = 1 })).Outcomes(t.Context()) {
		break
	}
	clerk.mu.Lock()
	defer clerk.mu.Unlock()
	if n := len(clerk.done); n > 2 {
		t.Errorf("%d were carried out", n)
	}
}

// TestFleetErrors: what goes wrong for one device is its outcome.
func TestFleetErrors(t *testing.T) {
	hub := clustertest.Start(t)
	client := pumps(t, hub, 3)
	alone := limitFleet()
	for record := range sendAll(t, client, alone).Outcomes(t.Context()) {
		if record.State != 0 || !errors.Is(record.Status, roostv1.ErrUnavailable) {
			t.Errorf("without a gateway: got %v", record)
		}
	}
	clerk := newClerk(t, hub)
	runs(t, func(context.Context) error {
		for range 3 {
			if p := clerk.next(t); p.command.DeviceId == "p01" {
				clerk.answer(t, p, &roostv1.SendResponse{Status: roostv1.Errorf(roostv1.ErrBusy, "p01: too much")})
			} else {
				clerk.carryOut(t, p)
			}
		}
		return nil
	})
	got := map[string]*roostv1.CommandRecord{}
	for record := range sendAll(t, client, limitFleet()).Outcomes(t.Context()) {
		got[record.DeviceId] = record
	}
	if r := got["p01"]; r.GetState() != 0 || !errors.Is(r.GetStatus(), roostv1.ErrBusy) {
		t.Errorf("refused: got %v", r)
	}
	if done := roostv1.CommandState_COMMAND_STATE_SUCCEEDED; got["p00"].GetState() != done || got["p02"].GetState() != done {
		t.Errorf("the others: got %v", got)
	}
	wrong := limitFleet(func(c *cluster.FleetCommand) {
		c.Complete = func(p *roostv1.Profile, c *roostv1.Command) error {
			return roostv1.Errorf(roostv1.ErrInvalid, "%s is not for a %s", c.Name, p.Id)
		}
	})
	for record := range sendAll(t, client, wrong).Outcomes(t.Context()) {
		if record.State != 0 || record.Status.GetMessage() != "set is not for a thermometer" {
			t.Errorf("not completed: got %v", record)
		}
	}
}

// TestFleetDevices: the devices that have the labels, without those that were retired.
func TestFleetDevices(t *testing.T) {
	hub := clustertest.Start(t)
	client := pumps(t, hub, 3)
	apply(t, client, newDevice("valve"))
	if err := client.Retire(t.Context(), "p01"); err != nil {
		t.Fatal(err)
	}
	pump := map[string]string{"kind": "pump"}
	for _, test := range []struct {
		selector map[string]string
		want     string
	}{{pump, "p00 p02"}, {nil, "p00 p02 valve"}} {
		run := sendAll(t, client, limitFleet(func(c *cluster.FleetCommand) { c.Selector = test.selector }))
		if got := strings.Join(run.Devices, " "); got != test.want {
			t.Errorf("%v: got %s, want %s", test.selector, got, test.want)
		}
	}
	for want, change := range map[string]func(*cluster.FleetCommand){
		"none of the 3 devices has the labels kind=boiler,site=north": func(c *cluster.FleetCommand) {
			c.Selector = map[string]string{"site": "north", "kind": "boiler"}
		},
		"no command":                   func(c *cluster.FleetCommand) { c.Command = nil },
		"a device or a parent":         func(c *cluster.FleetCommand) { c.Command.DeviceId = "p00" },
		"command name is empty":        func(c *cluster.FleetCommand) { c.Command.Name = "" },
		"command id \"a b\"":           func(c *cluster.FleetCommand) { c.Command.Id = "a b" },
		"-1 in flight are not between": func(c *cluster.FleetCommand) { c.MaxInFlight = -1 },
		"wait 1h0m0s is not between":   func(c *cluster.FleetCommand) { c.Wait = 3600e9 },
	} {
		if _, err := client.SendAll(t.Context(), limitFleet(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
