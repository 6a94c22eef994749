package guard_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/access"
)

// Every role tries what it must not be able to do, at a nats-server with the printed configuration and at our hub. What
// counts is what came of it: nothing is stored, nothing changes, nobody receives anything.
func TestRoles(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *site{"nats-server": stock, "roost hub": ours} {
		t.Run(name, func(t *testing.T) {
			w := newWitnesses(t, start(t))
			for user, role := range map[string]access.Role{
				"g1": access.RoleGateway, "ann": access.RoleOperator, "lim": access.RoleLimited, "vic": access.RoleViewer,
			} {
				t.Run(string(role), func(t *testing.T) { w.refuseAll(t, user, role) })
			}
		})
	}
}

// baits is how many messages there are for attempts to divert.
const baits = 100

// witnesses see whatever happens at a site.
type witnesses struct {
	site    *site
	admin   *conn // hears all of the account of the streams
	data    []*conn
	talk    []*conn // each hears all that it may
	streams []jetstream.Stream
}

func newWitnesses(t *testing.T, s *site) *witnesses {
	w := &witnesses{site: s, admin: s.data(t, "admin")}
	js, err := jetstream.New(w.admin.Conn)
	if err != nil {
		t.Fatal(err)
	}
	for i := range baits {
		for _, subject := range []string{"own.b%d", "cmd.d%d.c1", "reading.d%d.g2"} {
			if _, err := js.Publish(t.Context(), f+fmt.Sprintf(subject, i), []byte("true")); err != nil {
				t.Fatalf("%s: %v", subject, err)
			}
		}
	}
	for _, stream := range []string{control, commands, readings} {
		c, err := js.CreateConsumer(t.Context(), stream, jetstream.ConsumerConfig{
			Name: "bait-" + stream, AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Next(); err != nil { // also of commands, which come from the control stream
			t.Fatalf("%s: %v", stream, err)
		}
		w.streams = append(w.streams, streamOf(t, w.admin, strings.TrimPrefix(stream, "ROOST_f_")))
	}
	w.admin.listen(t, f+">", "_INBOX.>", "evil.>")
	for _, g := range []string{"g2", "g3"} {
		c := s.talk(t, g)
		c.listen(t, f+"live."+g+".*", f+"api.*", f+"api.*.*.*", f+"gateway."+g+".*", "_INBOX."+g+".>")
		w.talk = append(w.talk, c)
		d := s.data(t, g)
		d.listen(t, ">")
		w.data = append(w.data, d)
	}
	for _, o := range []string{"ann", "ben", "lim", "vic"} {
		c := s.talk(t, o)
		c.listen(t, f+"event.*", "_INBOX."+o+".>")
		w.talk = append(w.talk, c)
	}
	return w
}

func (w *witnesses) all() []*conn { return append(append([]*conn{w.admin}, w.data...), w.talk...) }

// refuseAll has a user try everything that its role must not be able to do.
func (w *witnesses) refuseAll(t *testing.T, user string, role access.Role) {
	list := attempts(role)
	left := w.left(t)
	before := w.state(t)
	data, talk := w.site.data(t, user), w.site.talk(t, user)
	for _, a := range list {
		if err := a.do(data, talk); err == nil {
			t.Errorf("%s: %s saw no error", a.name, user)
		}
		w.traffic(t)
		for _, m := range append(data.take(), talk.take()...) {
			if !own(user, m.Subject) {
				t.Errorf("%s: %s received %s %q", a.name, user, m.Subject, m.Data)
			}
		}
		after := w.state(t)
		if after != before {
			t.Errorf("%s: the streams are\n%s\nand were\n%s", a.name, after, before)
			before = after
		}
		for _, m := range w.received(t) {
			t.Errorf("%s: %q reached a witness at %s", a.name, m.Data, m.Subject)
		}
		data.deaf()
		talk.deaf()
	}
	t.Logf("%d attempts", len(list))
	diverted := 0
	for _, a := range list {
		if strings.Contains(a.name, diversion+api+"CONSUMER.MSG.NEXT") {
			diverted++
		}
	}
	// That JetStream did send the messages, to where they harm nobody, shows in that they are gone.
	if got := left - w.left(t); got != diverted {
		t.Errorf("%d of %d diverted messages were sent", got, diverted)
	}
}

// left is how many messages there are to divert.
func (w *witnesses) left(t *testing.T) int {
	t.Helper()
	n := 0
	for _, s := range w.streams {
		c, err := s.Consumer(t.Context(), "bait-"+s.CachedInfo().Config.Name)
		if err != nil {
			t.Fatal(err)
		}
		n += int(c.CachedInfo().NumPending)
	}
	return n
}

// own reports whether a subject is one that a user may hear of itself.
func own(user, subject string) bool {
	return strings.HasPrefix(subject, "_INBOX."+user+".") || strings.HasPrefix(subject, f+"forged")
}

// traffic is what others do meanwhile, for those who listen to what is not for them.
func (w *witnesses) traffic(t *testing.T) {
	t.Helper()
	for _, m := range []struct {
		from    int
		subject string
	}{{1, f + "live.g2.g3"}, {1, f + "event.g3"}, {3, f + "api.send.operator.ben"}, {3, f + "gateway.g2.status"}} {
		if err := w.talk[m.from].Publish(m.subject, []byte(traffic)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range w.all() {
		c.settle(t)
	}
}

const traffic = "between others"

// received is what witnesses received that is not of their own traffic.
func (w *witnesses) received(t *testing.T) []*nats.Msg {
	t.Helper()
	var found []*nats.Msg
	for _, c := range w.all() {
		c.settle(t)
		for _, m := range c.take() {
			if string(m.Data) != traffic && !strings.HasPrefix(m.Subject, "_INBOX.admin.") {
				found = append(found, m)
			}
		}
	}
	return found
}

// state is what there is in JetStream.
func (w *witnesses) state(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	js, err := jetstream.New(w.admin.Conn)
	if err != nil {
		t.Fatal(err)
	}
	names := js.StreamNames(t.Context())
	var list []string
	for n := range names.Name() {
		list = append(list, n)
	}
	if names.Err() != nil {
		t.Fatal(names.Err())
	}
	slices.Sort(list)
	fmt.Fprintln(&text, list)
	for _, s := range w.streams {
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&text, info.Config.Name, info.Config.Subjects, info.Config.MaxMsgs, info.State.Msgs, info.State.LastSeq, info.State.Consumers)
	}
	return text.String()
}

// What is refused must be refused for its own sake: the same acts work for those who may.
func TestRolesMay(t *testing.T) {
	s := stock(t)
	admin := s.data(t, "admin")
	for user, subjects := range map[string][]string{
		"g1":  {f + "own.b", f + "member.g1", f + "cmd.d1.x", f + "cancel.d1.x", f + "probe.g1", f + "reading.d1.g1"},
		"ann": {f + "spec.profile.p", f + "spec.device.d", f + "spec.desired.d"},
	} {
		c := s.data(t, user)
		for _, subject := range subjects {
			if _, err := c.Request(subject, []byte("true"), time.Second); err != nil {
				t.Errorf("%s publishes %s: %v", user, subject, err)
			}
		}
	}
	if got := streamOf(t, admin, "CONTROL").CachedInfo().State.Msgs; got < 8 {
		t.Errorf("%d records are stored, want at least 8", got)
	}
	for _, user := range []string{"ann", "lim", "vic"} {
		js, err := jetstream.New(s.data(t, user).Conn)
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range []string{control, commands, readings} {
			if err := readOne(t, js, stream); err != nil {
				t.Errorf("%s reads %s: %v", user, stream, err)
			}
		}
	}
	may(t, s)
}

func readOne(t *testing.T, js jetstream.JetStream, stream string) error {
	c, err := js.OrderedConsumer(t.Context(), stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	_, err = c.Next(jetstream.FetchMaxWait(5 * time.Second))
	return err
}

// may tries requests, live traffic and events.
func may(t *testing.T, s *site) {
	g1, g2 := s.talk(t, "g1"), s.talk(t, "g2")
	answer := func(m *nats.Msg) { _ = m.Respond([]byte("done")) }
	for _, subject := range []string{f + "api.*.*.*", f + "gateway.g1.*"} {
		if _, err := g1.Subscribe(subject, answer); err != nil {
			t.Fatal(err)
		}
	}
	g1.listen(t, f+"live.g1.*")
	for user, subjects := range map[string][]string{
		"ann": {f + "api.send.operator.ann", f + "api.cancel.operator.ann", f + "api.command.operator.ann",
			f + "gateway.g1.status", f + "gateway.g1.history", f + "gateway.g1.release", f + "gateway.g1.drain"},
		"lim": {f + "api.send.limited.lim", f + "api.cancel.limited.lim", f + "api.command.limited.lim", f + "gateway.g1.status", f + "gateway.g1.history"},
		"vic": {f + "api.command.viewer.vic", f + "gateway.g1.status", f + "gateway.g1.history"},
	} {
		c := s.talk(t, user)
		c.listen(t, f+"event.*")
		for _, subject := range subjects {
			if _, err := c.Request(subject, nil, time.Second); err != nil {
				t.Errorf("%s asks %s: %v", user, subject, errors.Join(err, c.complaint()))
			}
		}
		if err := g2.Publish(f+"event.g2", nil); err != nil {
			t.Fatal(err)
		}
		g2.settle(t)
		c.settle(t)
		if got := len(c.take()); got != 1 {
			t.Errorf("%s hears of %d events, want 1", user, got)
		}
	}
	if err := g2.Publish(f+"live.g1.g2", nil); err != nil {
		t.Fatal(err)
	}
	g2.settle(t)
	g1.settle(t)
	if got := len(g1.take()); got != 1 {
		t.Errorf("g1 hears %d live messages, want 1", got)
	}
}
