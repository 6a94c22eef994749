package argument

import (
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Candidate is a word that could be typed next, and what it means.
type Candidate struct {
	Word        string
	Description string
	// Open tells that more is to be typed behind it: the value.
	Open bool
}

// Commands returns the commands of devices with that profile.
func Commands(profile *roostv1.Profile) []Candidate {
	var all []Candidate
	for _, c := range profile.GetCommands() {
		all = append(all, Candidate{Word: c.GetName(), Description: c.GetDescription()})
	}
	if len(arguments(profile, roostv1.CommandSet)) > 0 {
		all = append(all, Candidate{Word: roostv1.CommandSet, Description: "Write the resources that the arguments name"})
	}
	return all
}

// Candidates returns what could be the next argument of a command, after those that are there and
// with the beginning that was typed: a name, or one of a few values.
func Candidates(profile *roostv1.Profile, command string, typed []string, beginning string) []Candidate {
	used := make(map[string]bool)
	for _, word := range typed {
		name, _, _ := strings.Cut(word, "=")
		used[name] = true
	}
	name, _, valued := strings.Cut(beginning, "=")
	var all []Candidate
	for _, a := range arguments(profile, command) {
		switch {
		case used[a.Name]:
		case valued && a.Name == name:
			for _, v := range values(a) {
				all = append(all, Candidate{Word: a.Name + "=" + v})
			}
		case !valued:
			all = append(all, Candidate{Word: a.Name + "=", Description: a.Description, Open: true})
		}
	}
	return all
}

// values returns the values of an argument that has but a few.
func values(a *roostv1.Argument) []string {
	if a.Type == roostv1.ValueType_VALUE_TYPE_BOOL {
		return []string{"true", "false"}
	}
	return a.Options
}
