package cluster

import (
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// auditEvery is how often the fleet is told of one name that was refused something.
	auditEvery = time.Second
	// auditNames bounds the names that are remembered for that.
	auditNames = 1024
)

// audit tells the fleet who was refused what, and not more often than somebody can read. Its methods may be called
// concurrently.
type audit struct {
	emit func(*roostv1.Event)

	mu   sync.Mutex
	told map[string]*refusedName
}

// refusedName is when the fleet was told last of a name, and how many refusals it was not told of since.
type refusedName struct {
	at   time.Time
	more int
}

func newAudit(emit func(*roostv1.Event)) *audit {
	return &audit{emit: emit, told: map[string]*refusedName{}}
}

// refused notes a refusal.
func (a *audit) refused(by *roostv1.Identity, device string, why error) {
	more, tell := a.due(by.GetName(), time.Now())
	if !tell {
		return
	}
	text := fmt.Sprintf("refused: %v", why)
	if more > 0 {
		text += fmt.Sprintf(" (and %d times more since the last word of it)", more)
	}
	event := &roostv1.Event{
		At: timestamppb.Now(), Kind: roostv1.EventKind_EVENT_KIND_ACCESS, Message: text, Status: roostv1.StatusOf(why),
	}
	if roostv1.CheckID("device id", device) == nil {
		event.DeviceId = device
	}
	a.emit(event)
}

// due reports whether the fleet is to be told of a name now, and of how many refusals besides.
func (a *audit) due(name string, now time.Time) (more int, tell bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.told[name]
	switch {
	case last == nil && len(a.told) >= auditNames:
		clear(a.told)
		fallthrough
	case last == nil:
		a.told[name] = &refusedName{at: now}
		return 0, true
	case now.Sub(last.at) < auditEvery:
		last.more++
		return 0, false
	}
	more = last.more
	last.at, last.more = now, 0
	return more, true
}
