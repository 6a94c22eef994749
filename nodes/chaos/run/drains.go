package run

import (
	"fmt"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Drain is how what had piled up in spools came to the hub after a fault: the first and the last of it, from when the fault was
// undone, and how fast between these.
type Drain struct {
	Fault    string  `json:"fault"`
	Readings int     `json:"readings"`
	FirstMS  float64 `json:"first_ms"`
	LastMS   float64 `json:"last_ms"`
	Rate     float64 `json:"per_second"`
	Live     float64 `json:"live_per_second"`
	// Multiple is how many times as fast as readings are measured.
	Multiple float64 `json:"multiple_of_live"`
}

// String tells it for people.
func (d Drain) String() string {
	return fmt.Sprintf("%d readings from %.0f to %.0f ms after its end, %.0f a second, %.1f times as many as are measured",
		d.Readings, d.FirstMS, d.LastMS, d.Rate, d.Multiple)
}

// drains tells how spools were emptied.
func (r *Report) drains(h *history.History) {
	r.Drains = nil
	for _, d := range check.Drains(h) {
		r.Drains = append(r.Drains, Drain{
			Fault: d.Fault, Readings: d.Readings, FirstMS: milliseconds(d.First), LastMS: milliseconds(d.Last),
			Rate: d.Rate, Live: d.Live, Multiple: d.Multiple,
		})
	}
}
