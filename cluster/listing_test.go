package cluster

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestListingDropsOnlyWhatIsGone: a record that is renewed while the stream is listed anew comes later than
// the listing's beginning; until then the one before it stays in the picture.
func TestListingDropsOnlyWhatIsGone(t *testing.T) {
	names, err := SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPicture(names)
	deliver := func(l *listing, gateway string, sequence, pending uint64) {
		t.Helper()
		data, err := proto.Marshal(&roostv1.Member{GatewayId: gateway, Incarnation: "i", Renewal: sequence})
		if err != nil {
			t.Fatal(err)
		}
		m := message{subject: names.Member(gateway), sequence: sequence, pending: pending, data: data}
		l.before(m)
		if err := p.apply(m); err != nil {
			t.Fatal(err)
		}
		l.after(m)
	}
	done := 0
	created := time.Unix(1, 0)
	first := &listing{picture: p, done: func() { done++ }}
	first.begin(tailStart{created: created, last: 3, pending: 3})
	deliver(first, "a", 1, 2)
	deliver(first, "b", 2, 1)
	deliver(first, "gone", 3, 0)

	second := &listing{picture: p, done: func() { done++ }}
	second.begin(tailStart{created: created, last: 3, pending: 2}) // both are renewed before they are delivered
	deliver(second, "b", 4, 1)
	if p.Member("a") == nil {
		t.Error("a was dropped while its renewal was on its way")
	}
	if done != 1 {
		t.Errorf("%d listings complete, want the first", done)
	}
	deliver(second, "a", 5, 0)
	if p.Member("a") == nil || p.Member("b") == nil || p.Member("gone") != nil || done != 2 {
		t.Errorf("after the listing: a %v, b %v, gone %v, %d complete", p.Member("a"), p.Member("b"), p.Member("gone"), done)
	}
}
