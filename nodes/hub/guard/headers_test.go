package guard_test

import (
	"testing"

	"github.com/nats-io/nats.go"
)

// What one may write, he may write with any header. None of them does more than write: one of them would have the server
// empty the whole stream first, and so erase registry, owners and access records for who may write a single record.
func TestHeaders(t *testing.T) {
	w := newWitnesses(t, ours(t))
	for _, at := range []struct{ user, subject string }{
		{"g1", "own.b"}, {"g1", "member.g1"}, {"g1", "cmd.d1.x"}, {"g1", "reading.d1.g1"}, {"ann", "spec.device.d1"}, {"ann", "spec.desired.d1"},
	} {
		for header, value := range map[string]string{
			"Nats-Rollup": "all", "Nats-Schedule": "@every 1s", "Nats-Schedule-Target": f + "spec.access.evil", "Nats-Incr": "+1",
		} {
			before := w.state(t)
			m := nats.NewMsg(f + at.subject)
			m.Header.Set(header, value)
			if header == "Nats-Schedule-Target" {
				m.Header.Set("Nats-Schedule", "@at 2000-01-01T00:00:00Z")
			}
			if err := refused(w.site.data(t, at.user).RequestMsg(m, askTime)); err == nil {
				t.Errorf("%s at %s with %s: %s: it was taken", at.user, at.subject, header, value)
			}
			if after := w.state(t); after != before {
				t.Errorf("%s at %s with %s: %s: the streams are\n%s\nand were\n%s", at.user, at.subject, header, value, after, before)
			}
		}
	}
}
