package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

const (
	// lookEvery is how often the connections of gateways are counted.
	lookEvery = 20 * time.Millisecond
	// reconnectTime is how long after a fault connections count as its consequence.
	reconnectTime = 10 * time.Second
)

// Reconnect is how gateways found back to the hub after a fault: how many connections they made, when the first and the
// last of them was there, from when the fault was about to be undone, and how many there were at most within one second.
type Reconnect struct {
	Fault       string  `json:"fault"`
	Gateways    int     `json:"gateways"` // that made one
	Connections int     `json:"connections"`
	FirstMS     float64 `json:"first_ms"`
	LastMS      float64 `json:"last_ms"`
	Peak        int     `json:"most_per_second"`
}

// String tells it for people.
func (r Reconnect) String() string {
	return fmt.Sprintf("%s in %s to %s, with %s, of which at most %d in one second",
		plan.Count(r.Gateways, "gateway"), People(r.FirstMS), People(r.LastMS), plan.Count(r.Connections, "connection"), r.Peak)
}

// connected is that a gateway has made connections to the hub.
type connected struct {
	at      time.Time
	gateway string
	count   int
}

// lookForConnections notes each connection that gateways make, until ctx ends.
func (r *running) lookForConnections(ctx context.Context) {
	before := map[string]int64{}
	for ok := true; ok; ok = pause(ctx, lookEvery) {
		now := time.Now()
		for _, gateway := range r.fleet.Gateways() {
			sum := int64(0)
			for _, hub := range r.fleet.Hubs() {
				if link := r.fleet.HubLink(gateway.Name, hub.Name); link != nil {
					sum += link.Counters().Connections
				}
			}
			if was, known := before[gateway.Name]; known && sum > was {
				r.mu.Lock()
				r.connected = append(r.connected, connected{now, gateway.Name, int(sum - was)})
				r.mu.Unlock()
			}
			before[gateway.Name] = sum
		}
	}
}

// noteHeal remembers when a fault was about to be undone.
func (r *running) noteHeal(f history.Fault) {
	if f.Step == history.FaultHealAsked {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heals = append(r.heals, healAsked{f.ID, time.Now()})
	}
}

type healAsked struct {
	fault string
	at    time.Time
}

func (r *running) reconnects() []Reconnect {
	r.mu.Lock()
	defer r.mu.Unlock()
	return reconnectsOf(r.heals, r.connected)
}

// reconnectsOf tells how gateways found back to the hub after each fault: until the next one is undone, or for reconnectTime.
func reconnectsOf(heals []healAsked, made []connected) []Reconnect {
	var all []Reconnect
	for i, heal := range heals {
		end := heal.at.Add(reconnectTime)
		if i+1 < len(heals) && heals[i+1].at.Before(end) {
			end = heals[i+1].at
		}
		var during []connected
		for _, c := range made {
			if !c.at.Before(heal.at) && c.at.Before(end) {
				during = append(during, c)
			}
		}
		if len(during) > 0 {
			all = append(all, reconnectOf(heal, during))
		}
	}
	return all
}

// reconnectOf tells of some connections, which are in the order of their times.
func reconnectOf(heal healAsked, during []connected) Reconnect {
	c := Reconnect{
		Fault: heal.fault, FirstMS: milliseconds(during[0].at.Sub(heal.at)), LastMS: milliseconds(during[len(during)-1].at.Sub(heal.at)),
	}
	var gateways []string
	for i, d := range during {
		c.Connections += d.count
		if !slices.Contains(gateways, d.gateway) {
			gateways = append(gateways, d.gateway)
		}
		within := 0
		for _, later := range during[i:] {
			if later.at.Sub(d.at) < time.Second {
				within += later.count
			}
		}
		c.Peak = max(c.Peak, within)
	}
	c.Gateways = len(gateways)
	return c
}
