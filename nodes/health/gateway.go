package health

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// GatewayState is what there is to tell of a gateway at one moment.
type GatewayState struct {
	ID, Fleet, Version string
	Standing           cluster.Standing
	HubAway            time.Duration // 0 while it is there
	Devices            map[roostv1.DeviceState]int
	Buses              int
	Totals             actors.Totals
	Spool              *Spool // nil: there is none
}

// Spool is where readings wait on the gateway's disk.
type Spool struct {
	State   string        // one of SpoolStates
	Waiting uint64        // readings
	Bytes   uint64        // on disk
	Oldest  time.Duration // age of the oldest reading that waits
	Dropped uint64        // readings that were dropped since the process began
}

// SpoolStates are what the State of a Spool can be.
func SpoolStates() []string { return []string{"ok", "failing", "full", "off"} }

// gatewayCollector makes metrics of the state of a gateway.
type gatewayCollector struct{ state func() GatewayState }

// NewGatewayCollector returns the metrics of a gateway. state is called at each collection, and may be
// called concurrently.
func NewGatewayCollector(state func() GatewayState) prometheus.Collector {
	return gatewayCollector{state}
}

var (
	gatewayInfo     = desc("gateway_info", "What the gateway is; always 1.", "gateway", "fleet", "version")
	gatewayJoined   = desc("gateway_joined", "Whether the gateway is a member of its fleet.")
	gatewayPaused   = desc("gateway_suspended", "Whether the gateway has no lease at present: it acts on no shared device.")
	gatewayDraining = desc("gateway_draining", "Whether the gateway takes nothing new.")
	hubConnected    = desc("hub_connected", "Whether the gateway's connection to the hub stands.")
	hubAway         = desc("hub_away_seconds", "For how long the hub has been away; 0 while it is there.")
	leaseLength     = desc("lease_seconds", "How long the gateway may act on shared devices without a word of the hub.")
	leaseRemaining  = desc("lease_remaining_seconds", "How much of that is left; 0 while it is suspended.")
	clockAhead      = desc("clock_ahead_seconds", "By how much this machine's clock is ahead of the hub's.")
	devices         = desc("devices", "Devices that the gateway serves, by what they do.", "state")
	buses           = desc("buses", "Buses that the gateway serves.")
	restarts        = desc("device_restarts_total", "Restarts of devices after failures.")
	storedReadings  = desc("readings_stored_total", "Readings that were stored.")
	droppedReadings = desc("readings_dropped_total", "Readings that were dropped by policy; each is declared in the stream.")
	missedPolls     = desc("polls_missed_total", "Polls that were left out since a device was slow; declared in the stream too.")
	storeFailing    = desc("store_failing", "Whether the last attempt to store readings failed.")
	commands        = desc("commands_total", "Commands that ended at this gateway, by how they ended.", "outcome")
	parkedCommands  = desc("commands_parked_total", "Commands that were set aside since they broke their driver repeatedly.")
	abandonedCalls  = desc("driver_calls_abandoned_total", "Calls of drivers that ignored their deadline and were abandoned.")
	abandonedNow    = desc("driver_calls_abandoned", "Abandoned calls that have not returned.")
	driverCounts    = desc("driver_counted_total", "What drivers count that belongs to no device, as go doc of each says.", "driver", "what")
	refusals        = desc("mailbox_refusals_total", "Messages that were refused since a mailbox was full.")
	requests        = desc("requests_total", "Requests that the gateway took from the hub.")
	requestsRefused = desc("requests_refused_total", "Requests that it refused since too many were being worked on.")
	spoolState      = desc("spool_state", "What the spool does: 1 for its state, 0 for the others.", "state")
	spoolWaiting    = desc("spool_waiting_readings", "Readings that wait in the spool.")
	spoolBytes      = desc("spool_bytes", "Size of the spool on disk.")
	spoolOldest     = desc("spool_oldest_seconds", "Age of the oldest reading that waits in the spool.")
	spoolDropped    = desc("spool_dropped_readings_total", "Readings that the spool dropped; each is declared in the stream.")
)

// desc describes a metric of Roost.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("roost_"+name, help, labels, nil)
}

// Describe implements [prometheus.Collector].
func (c gatewayCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		gatewayInfo, gatewayJoined, gatewayPaused, gatewayDraining, hubConnected, hubAway, leaseLength, leaseRemaining, clockAhead,
		devices, buses, restarts, storedReadings, droppedReadings, missedPolls, storeFailing, commands, parkedCommands,
		abandonedCalls, abandonedNow, driverCounts, refusals, requests, requestsRefused,
		spoolState, spoolWaiting, spoolBytes, spoolOldest, spoolDropped,
	} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c gatewayCollector) Collect(to chan<- prometheus.Metric) {
	m, g := metrics(to), c.state()
	m.gauge(gatewayInfo, 1, g.ID, g.Fleet, g.Version)
	s := g.Standing
	m.flag(gatewayJoined, s.Joined)
	m.flag(gatewayPaused, s.Suspended)
	m.flag(gatewayDraining, s.Draining)
	m.flag(hubConnected, s.Connected)
	m.gauge(hubAway, g.HubAway.Seconds())
	m.gauge(leaseLength, s.Lease.Seconds())
	m.gauge(leaseRemaining, s.Remaining.Seconds())
	if s.ClockKnown {
		m.gauge(clockAhead, s.ClockAhead.Seconds())
	}
	m.counter(requests, s.Requests)
	m.counter(requestsRefused, s.RequestsRefused)
	m.served(g)
	m.totals(g.Totals)
	if g.Spool != nil {
		m.spool(g.Spool)
	}
}

// served tells of devices: each state has a metric, also if no device is in it.
func (m metrics) served(g GatewayState) {
	for _, state := range statesOf(roostv1.DeviceState_name) {
		if state := roostv1.DeviceState(state); state != roostv1.DeviceState_DEVICE_STATE_UNSPECIFIED {
			m.gauge(devices, float64(g.Devices[state]), label(state.Word()))
		}
	}
	m.gauge(buses, float64(g.Buses))
}

func (m metrics) totals(t actors.Totals) {
	m.counter(restarts, t.Restarts)
	m.counter(storedReadings, t.ReadingsStored)
	m.counter(droppedReadings, t.ReadingsDropped)
	m.counter(missedPolls, t.MissedPolls)
	m.flag(storeFailing, t.StoreFailing)
	for state, n := range t.Commands {
		m.counter(commands, n, label(state.Word()))
	}
	m.counter(parkedCommands, t.Parked)
	m.counter(abandonedCalls, t.CallsAbandoned)
	m.gauge(abandonedNow, float64(t.CallsRunning))
	m.counter(refusals, t.MailboxRefusals)
	for driver, counts := range t.Drivers {
		for what, n := range counts {
			m.counter(driverCounts, n, driver, label(what))
		}
	}
}

func (m metrics) spool(s *Spool) {
	for _, state := range SpoolStates() {
		m.flag(spoolState, state == s.State, state)
	}
	m.gauge(spoolWaiting, float64(s.Waiting))
	m.gauge(spoolBytes, float64(s.Bytes))
	m.gauge(spoolOldest, s.Oldest.Seconds())
	m.counter(spoolDropped, s.Dropped)
}

// label is a word as the value of a label.
func label(word string) string { return strings.ReplaceAll(strings.ToLower(word), " ", "_") }
