package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// acceptPause is how long the hardware waits when a connection cannot be taken, as for want of
// file descriptors.
const acceptPause = 50 * time.Millisecond

// Hardware is simulated hardware.
type Hardware struct {
	listener net.Listener
	truth    *truth
	machines map[string]*machine // by device id
	seed     uint64
	idle     time.Duration // 0: for ever
	log      *slog.Logger

	ran         atomic.Bool
	started     chan struct{} // closed when the log has the first record
	connections atomic.Uint64 // the number of the last
}

// New listens and opens the log, and does nothing else: Run is what makes the hardware work, and
// frees what New took. The error is about the configuration, the address or the log.
func New(cfg Config) (*Hardware, error) {
	h, err := newHardware(cfg.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("simulated hardware: %w", err)
	}
	return h, nil
}

func newHardware(cfg Config) (*Hardware, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	address, err := parseListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, err
	}
	truth, cut, err := openTruth(cfg.Log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if cut > 0 {
		cfg.Logger.Warn("torn end of the log cut off", "log", cfg.Log, "bytes", cut)
	}
	h := &Hardware{
		listener: listener,
		truth:    truth,
		machines: make(map[string]*machine, len(cfg.Devices)),
		seed:     cfg.Seed,
		idle:     max(cfg.Idle, 0),
		log:      cfg.Logger,
		started:  make(chan struct{}),
	}
	for _, d := range cfg.Devices {
		h.machines[d.ID] = newMachine(d, cfg.Seed)
	}
	return h, nil
}

// Addr is what gateways dial, host:port.
func (h *Hardware) Addr() string { return h.listener.Addr().String() }

// Behave lets a device behave so from its next request on. The error is ErrNotFound for a device
// that is not there, and ErrInvalid for what no device can do.
func (h *Hardware) Behave(device string, b Behaviour) error {
	m := h.machines[device]
	if m == nil {
		return roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	}
	if err := b.validate(); err != nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "behaviour of device %s: %v", device, err)
	}
	return m.behave(b, h.truth)
}

// Run lets the hardware work until ctx ends, and returns when all connections have ended and the
// log is closed. What waits then is not done. The error is that of the log, if it could not be written.
// Hardware runs once.
func (h *Hardware) Run(ctx context.Context) error {
	if h.ran.Swap(true) {
		return errors.New("simulated hardware runs once")
	}
	ctx, off := context.WithCancel(ctx)
	defer off()
	hangUp := context.AfterFunc(ctx, func() { _ = h.listener.Close() }) // ends accept
	defer hangUp()
	var work sync.WaitGroup
	if h.truth.write(Record{Kind: KindStart, Version: LogVersion, Seed: h.seed}) == nil {
		close(h.started)
		work.Go(func() {
			select {
			case <-h.truth.failed:
				off()
			case <-ctx.Done():
			}
		})
		h.log.Info("simulated hardware serves", "address", h.Addr(), "devices", len(h.machines))
		h.accept(ctx, &work)
	}
	off()
	work.Wait()
	_ = h.listener.Close() // for the case that it never came to accept; else it says that it is closed
	return h.truth.close(Record{Kind: KindStop})
}

// accept takes connections until the listener is closed.
func (h *Hardware) accept(ctx context.Context, work *sync.WaitGroup) {
	for {
		socket, err := h.listener.Accept()
		switch {
		case err == nil:
			c := &connection{number: h.connections.Add(1), hardware: h, socket: socket, sessions: make(map[uint64]*session)}
			work.Go(func() { c.serve(ctx) })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			h.log.Warn("connection not taken", "error", err)
			pause(ctx, acceptPause)
		}
	}
}

// pause waits, and reports whether it did so to the end: not if ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
