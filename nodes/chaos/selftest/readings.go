package selftest

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// readings are mutants of what is promised of readings: none is lost, none comes twice, and all come in order.
func readings() []Mutant {
	seeds := []uint64{1, 2, 3, 4, 5}
	return []Mutant{
		{
			Name: "ack-before-stored", Breaks: "the spool says that readings are stored before they are",
			Scenario: "kill", Seeds: seeds, Duration: 12 * time.Second, Adjust: often,
			Entries: oneAfterTheOther, By: []string{"C1"},
		},
		{
			Name: "trim-before-acknowledged", Breaks: "the spool forgets readings before the hub has acknowledged them",
			Scenario: "kill-owner", Seeds: seeds, Duration: 13 * time.Second, Adjust: few,
			Entries: killedAndLost, By: []string{"C1"}, Quick: true,
		},
		{
			Name: "drop-without-declaring", Breaks: "a spool that is full drops the oldest readings, and says nothing",
			Scenario: "hub-kill", Seeds: seeds, Duration: 8 * time.Second, Adjust: often, By: []string{"C1"},
		},
		{
			Name: "no-message-id", Breaks: "readings that are sent again are not known to be the same, neither by the gateway, nor the hub, nor the client",
			Scenario: "ack-lost", Seeds: seeds, Duration: 12 * time.Second, Adjust: few, Client: true, By: []string{"C2"},
		},
		{
			Name: "out-of-order-drain", Breaks: "what piled up on the disk is sent newest first",
			Scenario: "hub-kill", Seeds: seeds, Duration: 8 * time.Second, Adjust: few, By: []string{"C3"},
		},
		{
			Name: "live-mark-on-backfill", Breaks: "what piled up on the disk is sent as if it were new",
			Scenario: "hub-kill", Seeds: seeds, Duration: 8 * time.Second, Adjust: few, By: []string{"C3"},
		},
	}
}

// often has devices read so often that something is being stored at any time.
func often(s *plan.Settings) {
	few(s)
	s.Period, s.Rate = plan.Duration(40*time.Millisecond), 10
}

// oneAfterTheOther kills gateways.
func oneAfterTheOther(seed uint64, s plan.Settings) []plan.Entry {
	var entries []plan.Entry
	for i, at := 0, 500*time.Millisecond; at < s.Duration.Std()-time.Second; i, at = i+1, at+1500*time.Millisecond {
		entries = append(entries, plan.Entry{
			Fault: plan.Kill, Target: s.Gateway(1 + (int(seed)+i)%s.Gateways), At: plan.Duration(at + time.Duration(seed)*7*time.Millisecond), Hold: plan.Duration(500 * time.Millisecond),
		})
	}
	return entries
}
