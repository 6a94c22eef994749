package discover

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Draft is the beginning of a fleet file: what was found, and what people should know who go on with it.
type Draft struct {
	Fleet *roostv1.Fleet
	// Head is what is said at the top of the file, line by line.
	Head  []string
	notes map[proto.Message]string
	taken map[string]bool
}

// NewDraft returns an empty one.
func NewDraft(head ...string) *Draft {
	return &Draft{Fleet: &roostv1.Fleet{}, Head: head, notes: map[proto.Message]string{}, taken: map[string]bool{}}
}

// Empty tells whether nothing was found.
func (d *Draft) Empty() bool { return len(d.Fleet.Devices) == 0 }

// maxProfile is how large a profile may get, in bytes of protobuf: it leaves room for what people add.
const maxProfile = roostv1.MaxRecord * 3 / 4

// Profile adds a profile; its id is made unique. Resources that would make it larger than a profile may be are left out, which is noted.
func (d *Draft) Profile(p *roostv1.Profile) *roostv1.Profile {
	p.Id = d.unique("profile", p.Id)
	size := 0
	for i, r := range p.Resources {
		if size += proto.Size(r) + proto.Size(&roostv1.Profile{Resources: []*roostv1.Resource{{}}}); size > maxProfile {
			d.Annotate(p, fmt.Sprintf("%d resources more were left out: a profile cannot have so many.", len(p.Resources)-i))
			p.Resources = p.Resources[:i]
			break
		}
	}
	d.Fleet.Profiles = append(d.Fleet.Profiles, p)
	return p
}

// Device adds a device; its id is made unique.
func (d *Draft) Device(s *roostv1.DeviceSpec) *roostv1.DeviceSpec {
	s.Id = d.unique("device", s.Id)
	d.Fleet.Devices = append(d.Fleet.Devices, s)
	return s
}

// Annotate says something of a profile, a resource or a device of the draft, line by line.
func (d *Draft) Annotate(m proto.Message, lines ...string) {
	if text := strings.Join(lines, "\n"); text != "" {
		if before := d.notes[m]; before != "" {
			text = before + "\n" + text
		}
		d.notes[m] = text
	}
}

// Note returns what is said of a message of the draft. It may be what a device says of itself, and have any characters.
func (d *Draft) Note(m proto.Message) string { return d.notes[m] }

func (d *Draft) unique(kind, id string) string {
	one := id
	for n := 2; d.taken[kind+" "+one]; n++ {
		one = cut(id, roostv1.MaxID-len(fmt.Sprintf("-%d", n))) + fmt.Sprintf("-%d", n)
	}
	d.taken[kind+" "+one] = true
	return one
}

// ID makes an id of texts, which may have any characters; what cannot be in an id becomes one "-". Of a long one the end is a digest, so
// that two that differ stay different.
func ID(parts ...string) string { return shorten(token(strings.Join(parts, "-"), false), "device") }

// Names makes names of resources, each of which is given once.
type Names struct{ taken map[string]bool }

// Name makes a name of a text that has not been given yet.
func (n *Names) Name(text string) string {
	if n.taken == nil {
		n.taken = map[string]bool{}
	}
	name := shorten(token(text, true), "value")
	if c := name[0]; c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
		name = shorten("v"+name, "value")
	}
	one := name
	for i := 2; n.taken[one]; i++ {
		suffix := fmt.Sprintf("-%d", i)
		one = cut(name, roostv1.MaxName-len(suffix)) + suffix
	}
	n.taken[one] = true
	return one
}

// token keeps letters, digits, "_" and "-", and "." in names of resources.
func token(text string, dots bool) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || dots && r == '.':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return strings.Trim(b.String(), "-.")
}

const digest = 8 // hexadecimal digits

func shorten(id, otherwise string) string {
	if id == "" {
		return otherwise
	}
	if len(id) <= roostv1.MaxID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return cut(id, roostv1.MaxID-digest-1) + "-" + hex.EncodeToString(sum[:])[:digest]
}

func cut(text string, most int) string { return text[:min(len(text), most)] }
