package sim

import "fmt"

// Breach is an action that a device must not have been made to do.
type Breach struct {
	// Action that was done, After the one that it must not come after.
	Action, After Record
	// Reason says what is wrong.
	Reason string
}

// OneDriver returns the actions that show that a device had more than one driver: those under an
// older epoch than one before them, and those of another gateway, or another run of it, under the same
// epoch. What was refused counts for nothing: the fence of the device held. An action that
// had Waited had reached the device so much earlier.
func OneDriver(records []Record) []Breach {
	var breaches []Breach
	newest := make(map[string]Record) // by device: the last action under the highest epoch
	for _, r := range records {
		if r.Kind != KindAction || r.Result != Done {
			continue
		}
		last, acted := newest[r.Device]
		switch {
		case acted && r.Epoch < last.Epoch:
			breaches = append(breaches, Breach{
				Action: r, After: last,
				Reason: fmt.Sprintf("%s was driven by %s under epoch %d, after epoch %d of %s", r.Device, r.Gateway, r.Epoch, last.Epoch, last.Gateway),
			})
			continue
		case acted && r.Epoch == last.Epoch && r.Peer() != last.Peer():
			breaches = append(breaches, Breach{
				Action: r, After: last,
				Reason: fmt.Sprintf("%s was driven under epoch %d by %s and by %s", r.Device, r.Epoch, last.Peer(), r.Peer()),
			})
		}
		newest[r.Device] = r
	}
	return breaches
}

// Peer is a run of a gateway.
type Peer struct {
	Gateway, Incarnation string
}

// String returns "gateway/incarnation".
func (p Peer) String() string { return p.Gateway + "/" + p.Incarnation }

// Peer returns who was at the other end.
func (r Record) Peer() Peer { return Peer{Gateway: r.Gateway, Incarnation: r.Incarnation} }
