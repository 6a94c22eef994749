package cluster

import (
	"context"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// MaxAsks is how many asks may wait for their answers.
const MaxAsks = maxAsks

// AppendFrame writes a frame with one envelope.
func AppendFrame(gateway, incarnation, receiver string, ask uint64, device string, waitMS uint32, m proto.Message) ([]byte, error) {
	e := envelope{ask: ask, device: device, waitMS: waitMS, message: m}
	body, message := e.size()
	return e.append(appendHeader(nil, gateway, incarnation, receiver), body, message)
}

// A FrameEnvelope is what was read of one envelope of a frame.
type FrameEnvelope struct {
	Ask     uint64
	Device  string
	WaitMS  uint32
	Message proto.Message // nil if it cannot be read
}

// ReadFrame reads a frame as a gateway does.
func ReadFrame(data []byte) (gateway, incarnation, receiver string, all []FrameEnvelope, err error) {
	f, err := readFrame(data)
	if err != nil {
		return "", "", "", nil, err
	}
	f.envelopes(func(e receivedEnvelope) {
		m, err := e.message()
		if err != nil {
			m = nil
		}
		all = append(all, FrameEnvelope{e.ask, string(e.device), e.waitMS, m})
	})
	return string(f.gateway), string(f.incarnation), string(f.receiver), all, nil
}

// Open is how many asks wait for their answers.
func (p *Peers) Open() int {
	p.asks.mu.Lock()
	defer p.asks.mu.Unlock()
	return len(p.asks.open)
}

// Dropped is how many frames could not be used.
func (p *Peers) Dropped() uint64 { return p.dropped.Load() }

// NewPeers returns peers of a gateway that is not run, whose present run the test names.
func NewPeers(c Config, names Subjects, picture *Picture, incarnation func() string) *Peers {
	c = c.withDefaults()
	return newPeers(c, names, picture, incarnation, c.Live, c.Logger)
}

// Run runs the peers alone.
func (p *Peers) Run(ctx context.Context) error { return p.run(ctx) }

// TakesAsks reports whether asks are let in.
func (p *Peers) TakesAsks() bool {
	p.asks.mu.Lock()
	defer p.asks.mu.Unlock()
	return p.asks.closed == nil
}

// Twins returns what takes notice of a probe that another process wrote, and says whether it is to be told.
func Twins() func(incarnation string, renewal uint64) bool {
	t := &twins{}
	return func(incarnation string, renewal uint64) bool {
		return t.seen(&roostv1.Member{Incarnation: incarnation, Renewal: renewal}, 1)
	}
}
