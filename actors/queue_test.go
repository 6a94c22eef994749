package actors_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A waiting command, as it should be.
type entry struct {
	id, name           string
	high               bool
	order              uint64
	notBefore, expires time.Time
}

func byTurn(a, b entry) int {
	if a.high != b.high {
		return map[bool]int{true: -1, false: 1}[a.high]
	}
	return cmp.Compare(a.order, b.order)
}

// queueModel is the queue written as plainly as can be.
type queueModel struct {
	queue   actors.Queue
	waiting []entry
	current *entry
	taken   bool
	now     time.Time
	added   uint64
}

func (m *queueModel) ids() (ids []string) {
	slices.SortFunc(m.waiting, byTurn)
	for _, e := range m.waiting {
		ids = append(ids, e.id)
	}
	return ids
}

// out takes those out of the waiting ones that are meant, and the present one if it was not taken.
func (m *queueModel) out(meant func(entry) bool) (ids []string) {
	slices.SortFunc(m.waiting, byTurn)
	m.waiting = slices.DeleteFunc(m.waiting, func(e entry) bool {
		if meant(e) {
			ids = append(ids, e.id)
		}
		return meant(e)
	})
	if m.current != nil && !m.taken && meant(*m.current) {
		ids = append(ids, m.current.id)
		m.current = nil
	}
	return ids
}

func (m *queueModel) add(t *rapid.T) {
	m.added++
	e := entry{
		id:        fmt.Sprintf("c%d", m.added),
		name:      rapid.SampledFrom([]string{"set", "feed"}).Draw(t, "name"),
		high:      rapid.Bool().Draw(t, "high"),
		order:     m.added,
		notBefore: m.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "not before")) * time.Second),
	}
	expiry := time.Duration(rapid.IntRange(1, 10).Draw(t, "expiry")) * time.Second
	e.expires = m.now.Add(expiry)
	c := &roostv1.Command{Id: e.id, Name: e.name, ExpiresIn: durationpb.New(expiry), NotBefore: durationpb.New(e.notBefore.Sub(m.now))}
	if e.high {
		c.Priority = roostv1.Priority_PRIORITY_HIGH
	}
	c.Supersede = rapid.Bool().Draw(t, "supersede")
	var want []string
	if c.Supersede {
		want = m.out(func(other entry) bool { return other.name == e.name })
	}
	got := m.queue.Add(&roostv1.CommandRecord{
		CommandId: e.id, Command: c, State: accepted, Order: e.order, AcceptedAt: timestamppb.New(m.now),
	})
	m.waiting = append(m.waiting, e)
	if m.current != nil && !m.taken && byTurn(e, *m.current) < 0 {
		m.waiting = append(m.waiting, *m.current)
		m.current = nil
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s supersedes %v, want %v", e.id, got, want)
	}
}

func (m *queueModel) next(t *rapid.T) {
	want := ""
	slices.SortFunc(m.waiting, byTurn)
	for i, e := range m.waiting {
		if m.current == nil && !m.now.Before(e.notBefore) && m.now.Before(e.expires) {
			want, m.current, m.taken = e.id, &e, false
			m.waiting = slices.Delete(m.waiting, i, i+1)
			break
		}
	}
	if got := m.queue.Next(m.now); got != want {
		t.Fatalf("next is %q, want %q", got, want)
	}
}

// take is the driver's call, which comes when it may.
func (m *queueModel) take(t *rapid.T) {
	want := m.current != nil && !m.taken && m.now.Before(m.current.expires)
	if got := m.queue.Take(m.now); got != want {
		t.Fatalf("the permit is taken: %v, want %v", got, want)
	}
	m.taken = m.taken || want
}

func (m *queueModel) again(t *rapid.T) {
	if m.current == nil {
		t.Skip("nothing to put back")
	}
	m.queue.Again()
	m.waiting = append(m.waiting, *m.current)
	m.current = nil
}

func (m *queueModel) end(t *rapid.T) {
	if m.current == nil || !m.taken {
		t.Skip("nothing to end")
	}
	m.queue.Drop()
	m.current = nil
}

func (m *queueModel) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
	want := m.out(func(e entry) bool { return !m.now.Before(e.expires) })
	if got := m.queue.Expired(m.now); !slices.Equal(got, want) {
		t.Fatalf("expired are %v, want %v", got, want)
	}
}

// check compares the queue with what it should be, and that nothing due is slept over.
func (m *queueModel) check(t *rapid.T) {
	current := ""
	if m.current != nil {
		current = m.current.id
	}
	got, gotCurrent := m.queue.Waiting()
	if want := m.ids(); !slices.Equal(got, want) || gotCurrent != current {
		t.Fatalf("waiting are %v beside %q, want %v beside %q", got, gotCurrent, want, current)
	}
	wake := m.queue.Wake(m.now)
	for _, e := range m.waiting {
		if wake.IsZero() || wake.After(e.expires) || e.notBefore.After(m.now) && wake.After(e.notBefore) {
			t.Fatalf("wakes at %v, but %s has %v and %v", wake, e.id, e.notBefore, e.expires)
		}
	}
}

func TestQueueAsAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &queueModel{now: time.Unix(1000, 0).UTC()}
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "add": m.add, "next": m.next, "take": m.take, "again": m.again, "end": m.end, "pass": m.pass,
		})
	})
}
