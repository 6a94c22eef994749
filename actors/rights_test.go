package actors_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// rights is who may command, as a test says it.
type rights struct {
	mu      sync.Mutex
	revoked map[string]bool // names
}

func (r *rights) Permit(by *roostv1.Identity, device string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if by != nil && r.revoked[by.Name] {
		return roostv1.Errorf(roostv1.ErrPermission, "%s may not command %s", by.Name, device)
	}
	return nil
}

func (r *rights) revoke(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked[name] = true
}

// guarded serves boiler-1 for those who have a right to it.
func guarded(t *testing.T, s *script) (*site, *rights) {
	t.Helper()
	r := &rights{revoked: map[string]bool{}}
	w := emptySite(t, s, func(c *actors.Config) { c.Rights = r })
	w.assign(siteEpoch, device("boiler-1"))
	return w, r
}

// submitted is a command that the hub has accepted from somebody.
func (w *site) submitted(by string, c *roostv1.Command) *roostv1.CommandRecord {
	record := w.accept(c)
	record.SubmittedBy = &roostv1.Identity{Name: by, Role: "limited"}
	return record
}

// Whose right was taken from him since he sent a command does not have it carried out; others do.
func TestNoRightNoByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w, rights := guarded(t, s)
		sleep(time.Second)
		rights.revoke("ben")
		w.hand(w.submitted("ben", feed("c1")), w.submitted("ann", feed("c2")), w.accept(feed("c3")))
		sleep(time.Minute)
		w.want("c1", rejected, roostv1.ErrPermission)
		if r := w.want("c2", succeeded, nil); r.SubmittedBy.GetName() != "ann" {
			t.Errorf("submitted by %v, want ann", r.SubmittedBy)
		}
		w.want("c3", succeeded, nil)
		w.wantActs(s, 2)
	})
}

// A command that waits for its device, or for the bus, is looked at again before it is sent.
func TestRightLostWhileWaiting(t *testing.T) {
	t.Run("for the bus", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
				<-time.After(900 * time.Millisecond)
				return temp(roostv1.Double(20)), nil
			}}
			w, rights := guarded(t, s)
			sleep(1300 * time.Millisecond) // a poll holds the bus
			w.hand(w.submitted("ben", feed("c1")))
			w.wantActs(s, 0)
			rights.revoke("ben")
			sleep(time.Minute)
			w.want("c1", rejected, roostv1.ErrPermission)
			w.wantActs(s, 0)
		})
	})
	t.Run("for its time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{}
			w, rights := guarded(t, s)
			sleep(time.Second)
			later := func(c *roostv1.Command) { c.NotBefore = durationpb.New(10 * time.Second) }
			w.hand(w.submitted("ben", feed("c1", later, expiresIn(time.Minute))))
			sleep(5 * time.Second)
			rights.revoke("ben")
			sleep(time.Minute)
			w.want("c1", rejected, roostv1.ErrPermission)
			w.wantActs(s, 0)
		})
	})
}

// What an earlier owner may have sent is not sent again for who has no right to it any more, and nothing is claimed
// about what was.
func TestRightLostAfterDispatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r := &rights{revoked: map[string]bool{"ben": true}}
		w := emptySite(t, &p.script, func(c *actors.Config) { c.Rights = r })
		record := w.enter(w.submitted("ben", mix("c", ack, opened(50))), wasDispatched)
		w.assignMixer(siteEpoch)
		w.hand(record)
		sleep(time.Minute)
		if got := w.record("c").State; got != failed && got != indeterminate { // as the device shows it
			t.Errorf("got %s, want what is certain", got.Word())
		}
		w.wantActs(&p.script, 0)
	})
}
