package proxy

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// helloTimeout is how long who dials may take to say who it is, where that is asked.
	helloTimeout = 5 * time.Second
	maxHello     = 4 << 10
)

// Config says what a proxy stands in front of. Target is needed.
type Config struct {
	// Listen is the address to listen on; default a free port of 127.0.0.1. Loopback only, but for Private.
	Listen string
	// Private: Listen may be an address of a network of the run's own, too.
	Private bool
	// Target is the address of the server.
	Target string
	// Sort tells, by the first bytes of a connection, to which link it belongs; false: more bytes are needed.
	// Without it all belong to the link "". With it the server must not be the one to speak first.
	Sort func(first []byte) (link string, ok bool)
	// Tap is asked for one for each connection; nil: nobody looks at what passes.
	Tap func() Tap
	// Seed of what is left to chance.
	Seed uint64
}

// Proxy stands in front of a server.
type Proxy struct {
	config   Config
	listener net.Listener
	ran      atomic.Bool
	count    atomic.Uint64

	mu    sync.Mutex
	links map[string]*Link
}

// New listens, and does nothing else; Run is what connects. Whoever does not run it closes it.
func New(cfg Config) (*Proxy, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("proxy to %s: %w", cfg.Target, err)
	}
	if !cfg.Private && !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		_ = listener.Close()
		return nil, fmt.Errorf("proxy to %s: %s is not loopback", cfg.Target, cfg.Listen)
	}
	return &Proxy{config: cfg, listener: listener, links: map[string]*Link{}}, nil
}

// Addr is what to dial, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close gives the address up. It ends Run, too.
func (p *Proxy) Close() { _ = p.listener.Close() }

// Link returns a link, which may have no connection yet.
func (p *Proxy) Link(name string) *Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.links[name]
	if l == nil {
		l = newLink(name)
		p.links[name] = l
	}
	return l
}

// Links returns all links that there are, in the order of their names.
func (p *Proxy) Links() []*Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var links []*Link
	for _, l := range p.links {
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b *Link) int { return strings.Compare(a.name, b.name) })
	return links
}

// Run connects until ctx ends or the proxy is closed, and returns when all connections have ended.
func (p *Proxy) Run(ctx context.Context) error {
	if p.ran.Swap(true) {
		return errors.New("a proxy runs once")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(ctx, p.Close)()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for {
		near, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("proxy to %s: %w", p.config.Target, err)
		}
		all.Go(func() { p.serve(ctx, near) })
	}
}

// serve connects one who has dialled.
func (p *Proxy) serve(ctx context.Context, near net.Conn) {
	defer context.AfterFunc(ctx, func() { cut(near) })()
	link, first, ok := p.sort(near)
	if !ok {
		cut(near)
		return
	}
	if !link.admit(ctx) {
		link.refused.Add(1)
		cut(near)
		return
	}
	far, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", p.config.Target)
	if err != nil {
		cut(near)
		return
	}
	if _, err := far.Write(first); err != nil {
		cut(near)
		cut(far)
		return
	}
	pipe := &pipe{link: link, near: near, far: far, gone: make(chan struct{}), dice: p.newDice(link)}
	if p.config.Tap != nil {
		pipe.tap = p.config.Tap()
	}
	link.add(pipe)
	defer link.remove(pipe)
	pipe.run(ctx)
}

// newDice returns the chance of one connection.
func (p *Proxy) newDice(l *Link) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.name)) // never fails
	return rand.New(rand.NewPCG(p.config.Seed, h.Sum64()^p.count.Add(1)))
}

// sort finds out to which link a connection belongs, and returns what it read for that.
func (p *Proxy) sort(near net.Conn) (*Link, []byte, bool) {
	if p.config.Sort == nil {
		return p.Link(""), nil, true
	}
	_ = near.SetReadDeadline(time.Now().Add(helloTimeout)) // fails on a closed one only
	first := make([]byte, 0, maxHello)
	for len(first) < maxHello {
		n, err := near.Read(first[len(first):cap(first)])
		first = first[:len(first)+n]
		if name, ok := p.config.Sort(first); ok {
			_ = near.SetReadDeadline(time.Time{})
			return p.Link(name), first, true
		}
		if err != nil {
			break
		}
	}
	return nil, nil, false
}

// admit waits until a new connection may be made; false: it is refused, or ctx has ended.
func (l *Link) admit(ctx context.Context) bool {
	for waits := false; ; waits = true {
		state, changed := l.now()
		switch {
		case state.connects():
			return true
		case state.Door == Refuse:
			return false
		case !waits:
			l.waited.Add(1)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
