package roostv1

// MaxID is the length in bytes of the longest id.
const MaxID = 64

// CheckID returns nil if id can name a device, bus, profile, gateway, fleet or
// command: 1 to 64 of the characters A-Z a-z 0-9 _ and -, so that it is one token
// of a subject and one part of a path. The error is ErrInvalid, and says what is
// wrong; what is the noun in it: "device id".
func CheckID(what, id string) error {
	if id == "" {
		return Errorf(ErrInvalid, "%s is empty", what)
	}
	if len(id) > MaxID {
		return Errorf(ErrInvalid, "%s %.16q... has %d characters, at most %d are allowed", what, id, len(id), MaxID)
	}
	for i, r := range id {
		if !isIDRune(r) {
			return Errorf(ErrInvalid, "%s %q: character %q at position %d is not one of A-Z a-z 0-9 _ -", what, id, r, i+1)
		}
	}
	return nil
}

func isIDRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}
