package run

import "time"

// What a test of reconnects needs.
type (
	HealAsked = healAsked
	Connected = connected
)

var ReconnectsOf = reconnectsOf

// NewHealAsked is when a fault was about to be undone.
func NewHealAsked(fault string, at time.Time) HealAsked { return healAsked{fault, at} }

// NewConnected is that a gateway made connections.
func NewConnected(at time.Time, gateway string, count int) Connected {
	return connected{at, gateway, count}
}
