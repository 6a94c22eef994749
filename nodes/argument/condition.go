package argument

import (
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Condition reads a precondition, resource=value, for devices with that profile, which may be nil. The error is
// ErrInvalid.
func Condition(profile *roostv1.Profile, word string) (*roostv1.Precondition, error) {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "condition %.80q is not resource=value", word)
	}
	if err := roostv1.CheckName("resource name", name); err != nil {
		return nil, err
	}
	return &roostv1.Precondition{Resource: name, Equals: value(profile.Resource(name).GetType(), text)}, nil
}

// Conditions returns what could be typed as a condition on devices with that profile.
func Conditions(profile *roostv1.Profile, beginning string) []Candidate {
	name, _, valued := strings.Cut(beginning, "=")
	var all []Candidate
	for _, r := range profile.GetResources() {
		a := &roostv1.Argument{Name: r.GetName(), Type: r.GetType(), Options: r.GetOptions()}
		switch {
		case !r.Readable():
		case valued && a.Name == name:
			for _, v := range values(a) {
				all = append(all, Candidate{Word: a.Name + "=" + v})
			}
		case !valued:
			all = append(all, Candidate{Word: a.Name + "=", Description: r.GetDescription(), Open: true})
		}
	}
	return all
}

// Wishes reads what is to be desired of devices with that profile: resource=value, and without a value, that nothing
// is desired of it any more. The error is ErrInvalid.
func Wishes(profile *roostv1.Profile, words []string) (set map[string]*roostv1.Value, cleared []string, err error) {
	var rest []string
	for _, word := range words {
		name, text, ok := strings.Cut(word, "=")
		if ok && text == "" {
			if err := roostv1.CheckName("resource name", name); err != nil {
				return nil, nil, err
			}
			cleared = append(cleared, name)
			continue
		}
		rest = append(rest, word)
	}
	if set, err = Parse(profile, roostv1.CommandSet, rest); err != nil {
		return nil, nil, err
	}
	for _, name := range cleared {
		if set[name] != nil {
			return nil, nil, roostv1.Errorf(roostv1.ErrInvalid, "resource %s is there twice", name)
		}
	}
	return set, cleared, nil
}
