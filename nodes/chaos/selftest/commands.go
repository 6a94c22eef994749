package selftest

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// commands are mutants of what is promised of commands: at most once, honest, in time, and none is lost.
func commands() []Mutant {
	seeds := []uint64{1, 2, 3, 4, 5}
	return []Mutant{
		{
			Name: "retry-at-most-once", Breaks: "a command that must not be repeated is sent again after it timed out",
			Scenario: "slow-device", Seeds: seeds, Duration: 12 * time.Second, Adjust: few,
			Entries: silent, By: []string{"C4"},
		},
		{
			Name: "no-intent", Breaks: "a command is sent before it is recorded that it is",
			Scenario: "kill-owner", Seeds: seeds, Duration: 13 * time.Second, Adjust: few,
			Entries: killedAndLost, By: []string{"C4"}, Quick: true,
		},
		{
			Name: "dispatch-again-after-takeover", Breaks: "the next owner sends what must not be sent twice and may have been",
			Scenario: "kill-owner", Seeds: seeds, Duration: 8 * time.Second, Adjust: few,
			Entries: killedWhileActing, By: []string{"C4"},
		},
		{
			Name: "success-on-timeout", Breaks: "a command of which nothing is known any more has succeeded",
			Scenario: "slow-device", Seeds: seeds, Duration: 12 * time.Second, Adjust: few,
			Entries: tooSlow, By: []string{"C8"},
		},
		{
			Name: "fail-on-timeout", Breaks: "a command of which nothing is known any more has failed, and done nothing",
			Scenario: "slow-device", Seeds: seeds, Duration: 12 * time.Second, Adjust: few,
			Entries: silent, By: []string{"C8"},
		},
		{
			Name: "ignore-deadline", Breaks: "a command is carried out however late it is",
			Scenario: "kill", Seeds: seeds, Duration: 8 * time.Second, Adjust: few,
			By: []string{"C5b"},
		},
		{
			Name: "drop-on-restart", Breaks: "the next owner does not take up commands that were accepted before",
			Scenario: "kill", Seeds: seeds, Duration: 8 * time.Second, Adjust: few,
			By: []string{"C5"},
		},
	}
}

// few has a fleet that a busy machine carries.
func few(s *plan.Settings) { s.Devices = 12 }

// each is the same for every second device.
func each(s plan.Settings, at, hold time.Duration, p plan.Params) []plan.Entry {
	var entries []plan.Entry
	for i := 1; i <= s.Devices; i += 2 {
		entries = append(entries, plan.Entry{
			Fault: plan.Behave, Target: s.Device(i), At: plan.Duration(at), Hold: plan.Duration(hold), Params: p,
		})
	}
	return entries
}

// silent has devices act and never answer.
func silent(_ uint64, s plan.Settings) []plan.Entry {
	return each(s, 500*time.Millisecond, s.Duration.Std()-time.Second, plan.Params{LoseAck: 0.9})
}

// tooSlow has devices get to a command only when nobody waits for it any more.
func tooSlow(_ uint64, s plan.Settings) []plan.Entry {
	return each(s, 500*time.Millisecond, s.Duration.Std()-time.Second, plan.Params{Before: plan.Duration(6 * time.Second)})
}

// killedWhileActing kills gateways while commands are with devices that take their time to answer.
func killedWhileActing(seed uint64, s plan.Settings) []plan.Entry {
	entries := each(s, 0, s.Duration.Std()-time.Second, plan.Params{After: plan.Duration(700 * time.Millisecond)})
	for i := range 3 {
		entries = append(entries, plan.Entry{
			Fault: plan.Kill, Target: s.Gateway(1 + (int(seed)+i)%s.Gateways),
			At: plan.Duration(1500*time.Millisecond + time.Duration(i)*2500*time.Millisecond), Hold: plan.Duration(1500 * time.Millisecond),
		})
	}
	return entries
}

// killedAndLost is for mutants of commands and of readings, so that the clean build goes through it once for both.
func killedAndLost(seed uint64, s plan.Settings) []plan.Entry {
	entries := killedWhileActing(seed, s)
	lost := s.Lease * 3 / 2
	return append(entries, plan.Entry{
		Fault: plan.Blackhole, Target: plan.Owner(s.Device(1 + int(seed)%s.Devices)), At: s.Duration - lost - plan.Duration(500*time.Millisecond), Hold: lost,
	})
}
