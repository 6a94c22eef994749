package roostv1

// MaxName is the length in bytes of the longest name of a resource, command or argument.
const MaxName = 64

// CheckName returns nil if name can name a resource, a command or an argument: a
// letter, then up to 63 of A-Z a-z 0-9 _ . and -. The error is ErrInvalid; what is
// the noun in it: "resource name".
func CheckName(what, name string) error {
	switch {
	case name == "":
		return Errorf(ErrInvalid, "%s is empty", what)
	case len(name) > MaxName:
		return Errorf(ErrInvalid, "%s %.16q... has %d characters, at most %d are allowed", what, name, len(name), MaxName)
	case !isLetter(rune(name[0])):
		return Errorf(ErrInvalid, "%s %q does not begin with a letter A-Z a-z", what, name)
	}
	for i, r := range name {
		if !isIDRune(r) && r != '.' {
			return Errorf(ErrInvalid, "%s %q: character %q at position %d is not one of A-Z a-z 0-9 _ . -", what, name, r, i+1)
		}
	}
	return nil
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
