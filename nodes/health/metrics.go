package health

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is where those of one collection go.
type metrics chan<- prometheus.Metric

func (m metrics) gauge(d *prometheus.Desc, value float64, labels ...string) {
	m <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (m metrics) counter(d *prometheus.Desc, value uint64, labels ...string) {
	m <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

// flag is 1 for true.
func (m metrics) flag(d *prometheus.Desc, yes bool, labels ...string) {
	value := 0.0
	if yes {
		value = 1
	}
	m.gauge(d, value, labels...)
}

// statesOf returns the numbers of an enum in order.
func statesOf(names map[int32]string) []int32 { return slices.Sorted(maps.Keys(names)) }
