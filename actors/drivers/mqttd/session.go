package mqttd

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// admitTimeout is how long a device that dials in anew waits for the end of its earlier connection.
const admitTimeout = 5 * time.Second

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
	news   chan struct{} // closed, and made anew, when something above has changed
}

// pushing is a Push that runs.
type pushing struct {
	ctx  context.Context // of that Push
	sink actors.Sink
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
		old.part(true, packets.ErrSessionTakenOver, errTakenOver)
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
		if e.filter != "" && matches(e.filter, topic) {
			samples = e.codec.Read(samples, d, at)
		}
	}
	return samples
}

// greet waits until the device has dialled in.
func (s *session) greet(ctx context.Context) error {
	for !s.at.sleepy {
		changed := s.watch()
		if s.current() != nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return roostv1.Errorf(roostv1.ErrOffline, "client %q has not dialled in at %s", s.at.client, s.at.listen.at)
		}
	}
	return nil
}

// Push hands over what the device sends, until it has been away for too long.
func (s *session) Push(ctx context.Context, sink actors.Sink) error {
	s.setPush(&pushing{ctx: ctx, sink: sink})
	defer s.setPush(nil)
	for {
		changed := s.watch()
		over, left := s.missing()
		if over {
			return fmt.Errorf("push %s: %w", s.device, roostv1.Errorf(roostv1.ErrOffline, "client %q has been away for %v", s.at.client, s.at.away))
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// missing tells whether the device has been away for too long, or how long that may take yet.
func (s *session) missing() (bool, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != nil || s.at.sleepy {
		return false, roostv1.MaxInterval
	}
	left := s.at.away - time.Since(s.gone)
	return left <= 0, left
}

func (s *session) setPush(p *pushing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushed = p
	s.changedLocked()
}

func (s *session) push() *pushing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushed
}

// pushing waits for a Push that runs.
func (s *session) pushing(ctx context.Context) (*pushing, error) {
	for {
		changed := s.watch()
		if p := s.push(); p != nil {
			return p, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Actuate publishes what is to be done.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	what := "write " + a.Resource
	if a.Resource == "" {
		what = "command " + a.Command
	}
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", what, s.device, err)
	}
	return nil, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) error {
	topic, text, err := s.message(a)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	k := s.current()
	if k == nil {
		return fmt.Errorf("%w: client %q is not connected", actors.ErrNotSent, s.at.client)
	}
	return k.publish(ctx, topic, text)
}

// message returns what is published for an action.
func (s *session) message(a actors.Action) (topic string, text []byte, err error) {
	if a.Resource == "" {
		c := s.commands[a.Command]
		if c == nil {
			return "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no command %q", a.Command)
		}
		text, err = c.template.Fill(a.Arguments)
		return c.topic, text, err
	}
	e := s.writable(a.Resource)
	if e == nil {
		return "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no resource %q to write", a.Resource)
	}
	text, err = e.codec.Write(a.Value)
	return e.write, text, err
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
	if k != nil {
		k.part(ctx.Err() == nil, packets.ErrServerShuttingDown, errCut)
		<-k.done // its goroutines end with the connection
	}
	s.driver.leave(s.listener)
}
