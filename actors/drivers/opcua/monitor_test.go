package opcua_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sink keeps what is emitted.
type sink struct {
	mu   sync.Mutex
	got  map[string][]actors.Sample
	more chan struct{} // closed when something has come
}

func newSink() *sink { return &sink{got: make(map[string][]actors.Sample), more: make(chan struct{})} }

func (s *sink) Emit(samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range samples {
		s.got[one.Resource] = append(s.got[one.Resource], one)
	}
	close(s.more)
	s.more = make(chan struct{})
	return nil
}

func (s *sink) Deliver(_ context.Context, samples ...actors.Sample) error { return s.Emit(samples...) }

// of returns the samples of a resource, and what is closed with the next one of any.
func (s *sink) of(name string) ([]actors.Sample, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[name], s.more
}

// until waits until the samples of a resource are as they should be.
func (s *sink) until(t testing.TB, name string, enough func([]actors.Sample) bool) []actors.Sample {
	t.Helper()
	late := time.After(15 * time.Second)
	for {
		got, more := s.of(name)
		if enough(got) {
			return got
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("of %s came %v", name, got)
		}
	}
}

func atLeast(n int) func([]actors.Sample) bool {
	return func(got []actors.Sample) bool { return len(got) >= n }
}

// end is how Push ended, and when.
type end struct {
	error
	at time.Time
}

// push runs Push, and returns what it sends and how it ends.
func push(t testing.TB, s actors.Session) (*sink, <-chan end) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	into, ended := newSink(), make(chan end, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := s.(actors.Pusher).Push(ctx, into)
		ended <- end{err, time.Now()}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return into, ended
}

// monitored: the server tells of changes, and only of them, unless values would count as old.
func (p *peer) monitored(t *testing.T) {
	repeated := readOnly("old", isDouble, "node=ns=2;s=Old")
	repeated.MaxStaleness = durationpb.New(600 * time.Millisecond)
	d := p.device("read=monitor interval=100ms", readOnly("counter", isUint, "node=ns=2;s=Counter sampling=50ms"), repeated,
		readOnly("none", isDouble, "node=ns=2;s=None"), readOnly("unsure", isDouble, "node=ns=2;s=Unsure"), resource("double", isDouble, "node=ns=2;s=Double"),
		readOnly("element", isDouble, "node=ns=2;s=Array index=2"))
	s := open(t, d)
	into, _ := push(t, s)
	counted := into.until(t, "counter", atLeast(20))
	for i := 1; i < len(counted); i++ {
		if was, is := counted[i-1].Value.GetUint(), counted[i].Value.GetUint(); is <= was {
			t.Errorf("the counter is %d after %d", is, was)
		}
		if counted[i].Source.IsZero() || counted[i].At.IsZero() {
			t.Errorf("%v has no times", counted[i])
		}
	}
	old := into.until(t, "old", atLeast(3))
	if want := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC); !old[2].Source.Equal(want) || old[2].Value.GetDouble() != 3 {
		t.Errorf("what does not change is %v, want 3 of %v", old[2], want)
	}
	if got := into.until(t, "none", atLeast(1))[0]; got.Quality != roostv1.Quality_QUALITY_BAD || got.VendorCode != 0x80340000 {
		t.Errorf("a node that is not there: %v", got)
	}
	if got := into.until(t, "unsure", atLeast(1))[0]; got.Quality != roostv1.Quality_QUALITY_UNCERTAIN || got.VendorCode != 0x40900000 || got.Value == nil {
		t.Errorf("a value that is not sure: %v", got)
	}
	if _, err := act(t, s, setting("double", roostv1.Double(77))); err != nil {
		t.Fatal(err)
	}
	into.until(t, "double", func(got []actors.Sample) bool { return len(got) > 0 && got[len(got)-1].Value.GetDouble() == 77 })
	if got, _ := into.of("unsure"); len(got) != 1 {
		t.Errorf("what does not change, and may be old, was sent %d times", len(got))
	}
}
