package cluster

import (
	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// grant is what a credential's holder may do, as the picture keeps it.
type grant struct {
	role     access.Role
	selector map[string]string
	revoked  bool
	unusable bool // something is recorded, and nobody knows what
}

// takeGrantLocked takes in what a credential's holder may do. One that cannot be used leaves him with nothing, and
// not with the one before it: that may have been taken from him.
func (p *Picture) takeGrantLocked(key Key, at place, data []byte) error {
	g, err := readGrant(key.ID, data)
	if err != nil {
		g = grant{unusable: true}
	}
	p.grants[key.ID] = &record[grant]{at, g}
	p.markLocked(key)
	return err
}

func readGrant(name string, data []byte) (grant, error) {
	r := &roostv1.Grant{}
	if err := readRecord(data, r); err != nil {
		return grant{}, err
	}
	if err := sameID("name", r.Name, name); err != nil {
		return grant{}, err
	}
	g := grant{role: access.Role(r.Role), revoked: r.Revoked}
	if g.revoked { // whatever it was
		return g, nil
	}
	if err := g.role.Check(); err != nil {
		return grant{}, err
	}
	var err error
	if g.role == access.RoleLimited {
		g.selector, err = roostv1.ParseSelector(r.Selector)
	}
	return g, err
}

// grantOf returns what is recorded of a name; false if nothing usable is.
func (p *Picture) grantOf(name string) (grant, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if r := p.grants[name]; r != nil {
		return r.value, true
	}
	return grant{}, false
}

// sweepGrantsLocked takes out what the present listing did not have.
func (p *Picture) sweepGrantsLocked() {
	for name, r := range p.grants {
		if p.goneLocked(r.place) {
			delete(p.grants, name)
			p.markLocked(Key{KindAccess, name})
		}
	}
}
