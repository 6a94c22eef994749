package channel

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

const (
	// minAlive and maxAlive bound how often a session that nobody uses says that it is there.
	minAlive, maxAlive = time.Second, 20 * time.Second
	// aliveReply is how long the server may take to answer that.
	aliveReply = 10 * time.Second
)

// Session is a session on its channel. It may be used by any number of goroutines.
type Session struct {
	channel *Channel
	token   *ua.NodeID
	timeout time.Duration // after which the server forgets it
	running sync.WaitGroup
	used    atomic.Int64 // when an answer came last, on the clock of since
}

var began = time.Now()

func (s *Session) begin() {
	s.answered()
	s.running.Go(s.alive)
}

func (s *Session) answered() { s.used.Store(int64(time.Since(began))) }

// Do sends a request of the session, and waits for its answer. Errors are those of [Channel.Do].
func (s *Session) Do(ctx context.Context, r ua.Request) (ua.Response, error) {
	answer, err := s.channel.Do(ctx, s.token, r)
	if err == nil {
		s.answered()
	}
	return answer, err
}

// Start sends a request of the session.
func (s *Session) Start(ctx context.Context, r ua.Request) (*Call, error) {
	return s.channel.Start(ctx, s.token, r)
}

// Ended is closed when the channel has ended; Err then says why.
func (s *Session) Ended() <-chan struct{} { return s.channel.Ended() }

// Err returns why the channel ended.
func (s *Session) Err() error { return s.channel.Err() }

// Close ends the session and its channel. The server is told if ctx has not ended.
func (s *Session) Close(ctx context.Context) error {
	if ctx.Err() == nil && s.channel.Err() == nil {
		goodbye, cancel := context.WithTimeout(ctx, farewell)
		_, _ = s.channel.Do(goodbye, s.token, &ua.CloseSessionRequest{DeleteSubscriptions: true}) // a server that does not hear it forgets the session in time
		cancel()
	}
	err := s.channel.Close(ctx)
	s.running.Wait()
	return err
}

// alive asks the server how it is when nobody has asked anything for long: else it forgets the session.
func (s *Session) alive() {
	every := min(max(s.timeout/3, minAlive), maxAlive)
	for {
		rest := every - (time.Since(began) - time.Duration(s.used.Load()))
		timer := time.NewTimer(max(rest, 0))
		select {
		case <-s.channel.Ended():
			timer.Stop()
			return
		case <-timer.C:
		}
		if time.Since(began)-time.Duration(s.used.Load()) < every {
			continue
		}
		if err := s.ask(); err != nil {
			s.channel.fail(fmt.Errorf("%s does not say how it is: %w", s.channel.config.Address, err))
			return
		}
	}
}

func (s *Session) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), aliveReply)
	defer cancel()
	_, err := s.Do(ctx, &ua.ReadRequest{NodesToRead: []*ua.ReadValueID{{
		NodeID: ua.NewNumericNodeID(0, id.Server_ServerStatus_State), AttributeID: ua.AttributeIDValue, DataEncoding: new(ua.QualifiedName),
	}}})
	return err
}
