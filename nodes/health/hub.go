package health

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-iot/roost/nodes/hub"
)

// hubCollector makes metrics of the state of a hub.
type hubCollector struct{ state func() hub.Stats }

// NewHubCollector returns the metrics of a hub. state is called at each collection, and may be called
// concurrently.
func NewHubCollector(state func() hub.Stats) prometheus.Collector { return hubCollector{state} }

var (
	hubInfo        = desc("hub_info", "What the hub is; always 1.", "name", "server_version")
	hubStoring     = desc("hub_storing", "Whether the hub stores what it is given.")
	hubConnections = desc("hub_connections", "Connections to the hub.")
	hubStreams     = desc("hub_streams", "Streams that the hub holds.")
	hubConsumers   = desc("hub_consumers", "Consumers of these streams.")
	hubMessages    = desc("hub_stream_messages", "Messages in these streams.")
	hubBytes       = desc("hub_stream_bytes", "Bytes in these streams, on disk.")
	hubReceived    = desc("hub_received_messages_total", "Messages that the hub got.")
	hubReceivedB   = desc("hub_received_bytes_total", "Bytes of these messages.")
	hubSent        = desc("hub_sent_messages_total", "Messages that the hub sent.")
	hubSentB       = desc("hub_sent_bytes_total", "Bytes of these messages.")
	hubSlow        = desc("hub_slow_consumers_total", "Connections that were cut off since they took too little.")
	hubAPIErrors   = desc("hub_jetstream_api_errors_total", "Requests of JetStream that were answered with an error.")
)

// Describe implements [prometheus.Collector].
func (c hubCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		hubInfo, hubStoring, hubConnections, hubStreams, hubConsumers, hubMessages, hubBytes,
		hubReceived, hubReceivedB, hubSent, hubSentB, hubSlow, hubAPIErrors,
	} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c hubCollector) Collect(to chan<- prometheus.Metric) {
	m, s := metrics(to), c.state()
	m.gauge(hubInfo, 1, s.Name, s.ServerVersion)
	m.flag(hubStoring, s.Storing)
	m.gauge(hubConnections, float64(s.Connections))
	m.gauge(hubStreams, float64(s.Streams))
	m.gauge(hubConsumers, float64(s.Consumers))
	m.gauge(hubMessages, float64(s.Messages))
	m.gauge(hubBytes, float64(s.Bytes))
	m.counter(hubReceived, s.Received)
	m.counter(hubReceivedB, s.ReceivedBytes)
	m.counter(hubSent, s.Sent)
	m.counter(hubSentB, s.SentBytes)
	m.counter(hubSlow, s.SlowConsumers)
	m.counter(hubAPIErrors, s.APIErrors)
}
