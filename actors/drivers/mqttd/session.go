package mqttd

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/payload"
	"github.com/roost-iot/roost/actors/drivers/topics"
)

// admitTimeout is how long a device that dials in anew waits for the end of its earlier connection.
const admitTimeout = 5 * time.Second

// warnPause is how often there is a warning of wrong passwords, at most.
const warnPause = time.Minute

// session is one session with a device, whose connections may come and go.
type session struct {
	*model
	driver   *Driver
	listener *listener
	device   string
	login    [2][sha256.Size]byte // of username and password; compared without telling by the time how much of it is right
	door     chan struct{}        // held by the connection that is being let in

	mu     sync.Mutex
	link   *link     // nil: the device is away
	gone   time.Time // since when
	pushed *pushing  // nil: Push does not run
	closed bool
	wrong  mistakes
	news   chan struct{} // closed, and made anew, when something above has changed
}

// mistakes are logins with a wrong username or password.
type mistakes struct {
	remote string    // from where the last one was; empty: there was none
	told   time.Time // when there was a warning last
	untold int       // since then, without one
}

func newSession(d *Driver, device string, m *model) (*session, error) {
	password, err := m.at.password.Read()
	if err != nil {
		return nil, err
	}
	return &session{
		model: m, driver: d, device: device, gone: time.Now(), door: make(chan struct{}, 1), news: make(chan struct{}),
		login: [2][sha256.Size]byte{sha256.Sum256([]byte(m.at.username)), sha256.Sum256([]byte(password))},
	}, nil
}

// knows tells whether these are the device's. Of a device that has none, any are.
func (s *session) knows(username, password []byte) bool {
	if !s.at.password.Given() {
		return true
	}
	u, p := sha256.Sum256(username), sha256.Sum256(password)
	return subtle.ConstantTimeCompare(u[:], s.login[0][:])&subtle.ConstantTimeCompare(p[:], s.login[1][:]) == 1
}

// mistook notes from where somebody tried to be the device without its password. He may do so all the time, and is warned of now and then.
func (s *session) mistook(remote string) {
	s.mu.Lock()
	s.wrong.remote = remote
	level, before := slog.LevelDebug, s.wrong.untold
	if time.Since(s.wrong.told) < warnPause {
		s.wrong.untold++
	} else {
		level, s.wrong.told, s.wrong.untold = slog.LevelWarn, time.Now(), 0
	}
	s.mu.Unlock()
	s.driver.log().Log(context.Background(), level, "wrong username or password", "device", s.device, "remote", remote, "before", before)
}

// missedBy says what may be why the device has not dialled in; empty if nothing is known.
func (s *session) missedBy(since time.Time) string {
	s.mu.Lock()
	wrong := s.wrong.remote
	s.mu.Unlock()
	if wrong != "" {
		return fmt.Sprintf("; somebody tried from %s, with a wrong username or password", wrong)
	}
	return s.listener.turnedAway(since)
}

// admit makes a connection the device's, after the earlier one has ended. It waits for that, so that nothing of the earlier one comes after what
// comes on this one.
func (s *session) admit(k *link) bool {
	ctx, cancel := context.WithTimeout(k.conn.ctx, admitTimeout)
	defer cancel()
	select {
	case s.door <- struct{}{}:
		defer func() { <-s.door }()
	case <-ctx.Done():
		return false
	}
	if old := s.current(); old != nil {
		s.driver.counts.takenOver.Add(1)
		s.driver.log().Info("device dialled in anew", "device", s.device, "remote", k.client.Net.Remote)
		old.part(ctx, packets.ErrSessionTakenOver, errTakenOver)
		select {
		case <-old.done:
		case <-ctx.Done():
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.driver.counts.connected.Add(1)
	s.link = k
	k.begin()
	s.changedLocked()
	return true
}

// lost notes that a connection has ended.
func (s *session) lost(k *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == k {
		s.link, s.gone = nil, time.Now()
		s.changedLocked()
	}
}

// current returns the device's connection; nil if it is away.
func (s *session) current() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link
}

// watch returns what is closed when something has changed.
func (s *session) watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

func (s *session) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changedLocked()
}

func (s *session) changedLocked() {
	close(s.news)
	s.news = make(chan struct{})
}

// read returns the samples of a message.
func (s *session) read(topic string, text []byte) []actors.Sample {
	var samples []actors.Sample
	d, at := payload.Of(text), time.Now()
	for _, e := range s.entries {
		if e.filter != "" && topics.Match(e.filter, topic) {
			samples = e.codec.Read(samples, d, at)
		}
	}
	return samples
}

// Close ends the session, and the device's connection with it. If ctx has ended, the device is told nothing.
func (s *session) Close(ctx context.Context) error {
	s.end(ctx)
	return nil
}

// end lets nobody in any more, ends the connection, and gives the listener back.
func (s *session) end(ctx context.Context) {
	s.mu.Lock()
	k, again := s.link, s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return
	}
	s.listener.leave(s)
	s.closeDesks()
	if k != nil {
		k.part(ctx, packets.ErrServerShuttingDown, errCut)
		<-k.done // its goroutines end with the connection
	}
	s.driver.leave(s.listener)
}
