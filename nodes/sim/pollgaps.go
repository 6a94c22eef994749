package sim

import "time"

// Gap is the time in which a device changed hands: from the last read by one gateway to the first by
// another.
type Gap struct {
	Device      string
	Last, First Record
}

// Duration returns how long nobody read the device.
func (g Gap) Duration() time.Duration { return g.First.At.Sub(g.Last.At) }

// PollGaps returns the gaps of all devices in the order in which they ended. Another run of the same
// gateway is another gateway. While two read a device by turns, each turn is a gap.
// A device that nobody took over has none: whoever expects some has to count.
func PollGaps(records []Record) []Gap {
	var gaps []Gap
	last := make(map[string]Record) // read, by device
	for _, r := range records {
		if r.Kind != KindRead || r.Result != Done {
			continue
		}
		if before, ok := last[r.Device]; ok && before.Peer() != r.Peer() {
			gaps = append(gaps, Gap{Device: r.Device, Last: before, First: r})
		}
		last[r.Device] = r
	}
	return gaps
}
