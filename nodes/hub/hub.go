package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

var (
	// ErrStart: the server did not start, for a reason that is none of the others.
	ErrStart = errors.New("server did not start")
	// ErrStillClosing: the hub did not end within Close's bound.
	ErrStillClosing = errors.New("still closing")
)

const (
	readyWait = 5 * time.Second // a server that has started is ready at once; a bound for the case that it never is
	closeWait = 3 * time.Second
)

// Hub is an embedded NATS server with JetStream.
type Hub struct {
	server *server.Server
	site   site
	folder *folder
	log    *serverLog
	url    string
	warden *warden // nil if it has no users

	earlier map[string]bool // streams that were there before the server, if the hub runs alone; see looks

	closing sync.Once
	closed  chan struct{} // closed when the server has ended and the folder is free
	unlock  error         // set before closed is closed
}

// Open starts a hub and returns when it serves. The error says in one line what is
// wrong and what to do, and is one of the Err values of this package, a mistake in
// cfg, or the cause of ctx's end.
//
// One of three serves clients at once, but stores nothing before two of them have found
// each other; see Quorum. Open does not wait for that: the first one would wait in vain.
//
// ctx bounds the opening only: recovering a large store takes a while. A recovery
// cannot be broken off; if ctx ends first, it goes on behind Open's back, and the
// folder stays locked until it is done.
func Open(ctx context.Context, cfg Config) (*Hub, error) {
	h, err := open(ctx, cfg.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open hub: %w", err)
	}
	return h, nil
}

func open(ctx context.Context, cfg Config) (*Hub, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	at, err := siteOf(cfg)
	if err != nil {
		return nil, err
	}
	f, err := claim(cfg.Data, at.mode())
	if err != nil {
		return nil, err
	}
	h := &Hub{site: at, folder: f, log: &serverLog{logger: cfg.Logger}, closed: make(chan struct{})}
	if err := h.serve(ctx, cfg); err != nil {
		return nil, err
	}
	return h, nil
}

// serve starts the server and checks that it serves. If not, the hub is closed.
func (h *Hub) serve(ctx context.Context, cfg Config) error {
	if err := h.site.checkListen(); err != nil {
		_ = h.folder.release()
		return err
	}
	o, err := options(cfg, h.site, h.folder.store)
	if err != nil {
		_ = h.folder.release()
		return err
	}
	if h.site.cluster == nil {
		h.earlier = streamsIn(h.folder.store)
	}
	if h.server, err = server.NewServer(o); err != nil {
		_ = h.folder.release()
		return fmt.Errorf("%w: %w", ErrStart, err)
	}
	h.server.SetLoggerV2(h.log, false, false, false)
	if err := h.start(ctx); err != nil {
		return err
	}
	if err := h.check(); err != nil {
		return h.fail(err)
	}
	h.url = "nats://" + h.server.Addr().String()
	if h.site.users != nil {
		_, port, _ := net.SplitHostPort(h.server.Addr().String()) // the port may have been any
		h.url = "tls://" + net.JoinHostPort(h.site.listen.Addr().String(), port)
		h.warden = newWarden(h, cfg)
		h.warden.start()
	}
	return nil
}

// start starts the server and waits for it, but no longer than ctx. A start that is
// left behind ends by itself, and then closes the hub.
func (h *Hub) start(ctx context.Context) error {
	started := make(chan struct{})
	go func() {
		h.server.Start()
		close(started)
	}()
	select {
	case <-started:
		return nil
	case <-ctx.Done():
		go func() {
			<-started
			h.close()
		}()
		return context.Cause(ctx)
	}
}

// check tells whether the server serves. That it has started says nothing: it logs
// what is wrong, and goes on without.
func (h *Hub) check() error {
	if message := h.log.fatal.Load(); message != nil {
		return errors.New(*message)
	}
	if !h.server.JetStreamEnabled() {
		return errors.New("JetStream is not enabled")
	}
	if !h.server.ReadyForConnections(readyWait) {
		return fmt.Errorf("not ready for connections within %s", readyWait)
	}
	return nil
}

// fail closes the hub and finds the reason behind what the server said, which is text
// only, by trying again what may have failed.
func (h *Hub) fail(said error) error {
	full := h.folder.checkRoom() // while the folder is locked
	_ = h.Close()
	if err := h.site.checkListen(); err != nil { // while the server does not listen itself
		return err
	}
	if full != nil {
		return full
	}
	return fmt.Errorf("%w: %w", ErrStart, said)
}

// URL is what clients dial: nats://127.0.0.1:4222, or tls:// if the hub has users.
func (h *Hub) URL() string {
	return h.url
}

// Name is the server's name.
func (h *Hub) Name() string {
	return h.site.name
}

// Peers are the addresses of the other two; none if the hub runs alone.
func (h *Hub) Peers() []string {
	var peers []string
	if h.site.cluster != nil {
		for _, peer := range h.site.cluster.peers {
			peers = append(peers, peer.String())
		}
	}
	return peers
}

// InProcess gives connections to the hub that take no port, for nats.InProcessServer.
// They end with the hub. A hub that has users wants a credential here, too.
func (h *Hub) InProcess() nats.InProcessConnProvider {
	return h.server
}

// Close ends the hub and frees its folder. It returns ErrStillClosing if that
// takes longer than 3 s; the process can exit all the same, since what was
// acknowledged is on disk. It may be called more than once.
func (h *Hub) Close() error {
	go h.close()
	select {
	case <-h.closed:
		return h.unlock
	case <-time.After(closeWait):
		return fmt.Errorf("close hub: %w after %s", ErrStillClosing, closeWait)
	}
}

func (h *Hub) close() {
	h.closing.Do(func() {
		if h.warden != nil {
			h.warden.stop()
		}
		h.server.Shutdown()
		h.server.WaitForShutdown()
		h.unlock = h.folder.release()
		close(h.closed)
	})
}
