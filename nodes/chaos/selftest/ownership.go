package selftest

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// ownership are mutants of who may act: lease, claims, fence, detection of failures.
func ownership() []Mutant {
	seeds := []uint64{1, 2, 3, 4, 5}
	return []Mutant{
		{
			Name: "no-fence", Breaks: "a gateway goes on after it lost its lease, and the hub takes what it writes",
			Scenario: "half-open", Seeds: seeds, Duration: 8 * time.Second, By: []string{"C6"}, Quick: true,
			Entries: upStalls,
		},
		{
			Name: "no-self-fence", Breaks: "a gateway goes on after its lease has run out, until it hears that it was evicted",
			Scenario: "partition", Seeds: seeds, Duration: 8 * time.Second, By: []string{"C6e"},
			Adjust: exclusive, Entries: longStalls,
		},
		{
			Name: "no-hub-fence", Breaks: "the hub takes what a superseded owner writes of commands",
			Scenario: "half-open", Seeds: seeds, Duration: 8 * time.Second, By: []string{"C4", "C8"},
			Entries: upStalls,
		},
		{
			Name: "lease-no-cas", Breaks: "leases and owners are written whatever is there",
			Scenario: "partition", Seeds: seeds, Duration: 8 * time.Second, By: []string{"C6a"},
		},
		{
			Name: "hasty-eviction", Breaks: "a gateway is evicted when it has been silent for five eighths of its lease",
			Scenario: "partition", Seeds: seeds, Duration: 8 * time.Second, By: []string{"C6f"},
		},
		{
			Name: "claims-the-living", Breaks: "a gateway takes the buses that it should have, also from owners that are alive",
			Scenario: "kill", Seeds: seeds, Duration: 6 * time.Second, By: []string{"C6f"},
		},
		{
			Name: "slow-detector", Breaks: "a gateway that fell silent is waited for ten times as long",
			Scenario: "kill", Seeds: seeds, Duration: 12 * time.Second, By: []string{"C7"},
		},
	}
}

func exclusive(s *plan.Settings) { s.Mode = plan.ModeExclusive }

// longStalls cut owners off for so long that others have had the time to take over.
func longStalls(seed uint64, s plan.Settings) []plan.Entry { return stalls(seed, s, "") }

// upStalls hold back what owners write, and let it through when others have taken over long since.
func upStalls(seed uint64, s plan.Settings) []plan.Entry { return stalls(seed, s, "up") }

func stalls(seed uint64, s plan.Settings, direction string) []plan.Entry {
	chance := plan.Stream(seed, "stalls")
	hold := s.Lease * 5 / 2
	var all []plan.Entry
	for at := plan.Duration(time.Second); at+hold <= s.Duration; at += hold + s.Lease {
		all = append(all, plan.Entry{
			At: at, Hold: hold, Fault: plan.Stall, Target: plan.Owner(s.Device(1 + chance.IntN(s.Devices))),
			Params: plan.Params{Direction: direction},
		})
	}
	return all
}
