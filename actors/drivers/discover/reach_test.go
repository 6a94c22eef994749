package discover_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/discover"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestReach(t *testing.T) {
	r, err := discover.ParseReach(t.Context(), []string{"10.0.0.254-10.0.1.1", "192.168.7.0/30", "10.0.1.0", "127.0.0.1", "fe80::1", "10.9.9.9/32", "10.0.0.4/31"}, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for a := range r.All() {
		got = append(got, a.String())
	}
	want := []string{"10.0.0.4", "10.0.0.5", "10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1", "10.9.9.9", "127.0.0.1", "192.168.7.1", "192.168.7.2", "fe80::1"}
	if diff := cmp.Diff(want, got); diff != "" || r.Len() != len(want) {
		t.Errorf("%d addresses (-want +got):\n%s", r.Len(), diff)
	}
	for range r.All() {
		break // it can be left
	}
	r, err = discover.ParseReach(t.Context(), []string{"localhost"}, false)
	if err != nil || r.Len() != 1 || !slices.Collect(r.All())[0].IsLoopback() {
		t.Errorf("localhost: %v, %v", r, err)
	}
}

// TestReachRefuses what is not to be searched, and what is nothing.
func TestReachRefuses(t *testing.T) {
	for _, test := range []struct {
		target   string
		anywhere bool
		want     error
	}{
		{"10.0.0.0/16", false, nil}, {"10.0.0.0/15", false, roostv1.ErrPermission}, {"10.0.0.0/15", true, nil},
		{"10.0.0.0-10.1.0.0", false, roostv1.ErrPermission},
		{"8.8.8.8", false, roostv1.ErrPermission}, {"8.8.8.8", true, nil}, {"2001:db8::1", false, roostv1.ErrPermission},
		{"0.0.0.0/0", true, roostv1.ErrInvalid}, {"fd00::/64", true, roostv1.ErrInvalid}, {"fd00::/112", false, nil},
		{"172.15.255.255-172.16.0.3", false, roostv1.ErrPermission}, {"::ffff:8.8.8.8", false, roostv1.ErrPermission},
		{"10.0.0.2-10.0.0.1", true, roostv1.ErrInvalid}, {"10.0.0.1-fe80::1", true, roostv1.ErrInvalid},
		{"10.0.0.0/33", true, roostv1.ErrInvalid}, {"", true, roostv1.ErrInvalid}, {"a b", true, roostv1.ErrInvalid},
		{"10.0.0.1:502", true, roostv1.ErrInvalid},
	} {
		_, err := discover.ParseReach(t.Context(), []string{test.target}, test.anywhere)
		if !errors.Is(err, test.want) {
			t.Errorf("%s (anywhere %t): %v, want %v", test.target, test.anywhere, err, test.want)
		}
		if err != nil && !strings.ContainsAny(err.Error(), "0123456789") {
			t.Errorf("%s: %v does not name it", test.target, err)
		}
	}
	// Many small networks are as much as one large.
	if _, err := discover.ParseReach(t.Context(), []string{"10.1.0.0/16", "10.2.0.0/16"}, false); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("two /16: %v", err)
	}
}
