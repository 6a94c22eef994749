package guard_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What gateways know of users is what the users file says, also of those who were revoked, or taken out of it.
func TestGrants(t *testing.T) {
	s := stock(t)
	admin := s.data(t, "admin")
	expect := func(name string, want *roostv1.Grant) {
		t.Helper()
		m, err := streamOf(t, admin, "CONTROL").GetLastMsgForSubject(t.Context(), f+"spec.access."+name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := new(roostv1.Grant)
		if err := proto.Unmarshal(m.Data, got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
	found := func(r *guard.Roster) {
		t.Helper()
		if err := guard.Found(t.Context(), admin.Conn, r); err != nil {
			t.Fatal(err)
		}
	}
	lim := &roostv1.Grant{Name: "lim", Role: "limited", Selector: "site=north", Revision: read(t, s.folder).Revision}
	expect("lim", lim)
	expect("g1", &roostv1.Grant{Name: "g1", Role: "gateway", Revision: read(t, s.folder).Revision})
	before := streamOf(t, admin, "CONTROL").CachedInfo().State.LastSeq
	found(read(t, s.folder))
	if after := streamOf(t, admin, "CONTROL").CachedInfo().State.LastSeq; after != before {
		t.Errorf("what was known was written again: %d records more", after-before)
	}
	if _, err := s.folder.Revoke("lim", time.Now()); err != nil {
		t.Fatal(err)
	}
	found(read(t, s.folder))
	lim.Revoked, lim.Revision = true, read(t, s.folder).Revision
	expect("lim", lim)
	s.enrol(t, guard.Enrolment{Name: "lim", Role: access.RoleOperator, Selector: "site=south"})
	found(read(t, s.folder))
	expect("lim", &roostv1.Grant{Name: "lim", Role: "limited", Selector: "site=south", Revision: read(t, s.folder).Revision})
	r := read(t, s.folder)
	r.Users = r.Users[:1]
	found(r)
	expect("lim", &roostv1.Grant{Name: "lim", Revoked: true, Revision: r.Revision})
	found(r)
	expect("lim", &roostv1.Grant{Name: "lim", Revoked: true, Revision: r.Revision})
}

// A hub that was forgotten when users changed, and starts with the file of before, takes nothing back that another one
// has told gateways, and says so.
func TestGrantsOfOlderUsers(t *testing.T) {
	s := stock(t)
	admin := s.data(t, "admin")
	older := read(t, s.folder)
	if _, err := s.folder.Revoke("lim", time.Now()); err != nil {
		t.Fatal(err)
	}
	s.enrol(t, guard.Enrolment{Name: "carl", Role: access.RoleOperator})
	if err := guard.Found(t.Context(), admin.Conn, read(t, s.folder)); err != nil {
		t.Fatal(err)
	}
	before := streamOf(t, admin, "CONTROL").CachedInfo().State.LastSeq
	if err := guard.Found(t.Context(), admin.Conn, older); !errors.Is(err, guard.ErrOlder) {
		t.Errorf("got %v, want ErrOlder", err)
	}
	if after := streamOf(t, admin, "CONTROL").CachedInfo().State.LastSeq; after != before {
		t.Errorf("an older file wrote %d records", after-before)
	}
}
