package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-iot/roost/nodes/health"
	"github.com/roost-iot/roost/nodes/hub"
)

// hubSubject is a hub as whoever watches over it sees it.
type hubSubject struct{ hub *hub.Hub }

// Live implements [health.Subject].
func (s hubSubject) Live(context.Context) error {
	if !s.hub.Running() {
		return errors.New("the server has stopped")
	}
	return s.hub.Health()
}

// Ready implements [health.Subject].
func (s hubSubject) Ready() health.Report {
	report := health.Report{Who: fmt.Sprintf("hub %s at %s", s.hub.Name(), s.hub.URL())}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	switch err := s.hub.Health(); {
	case err != nil:
		report.Why = append(report.Why, err.Error())
	case s.hub.Quorum(now) != nil:
		report.Why = append(report.Why, "it waits for another hub of its cluster, at "+strings.Join(s.hub.Peers(), " or "))
	default:
		report.Ready = true
	}
	return report
}

// Collector implements [health.Subject].
func (s hubSubject) Collector() prometheus.Collector { return health.NewHubCollector(s.hub.Stats) }
