package modbus

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Probe asks devices on one line whatever can be read, for those who look for devices. It writes nothing: [Probe.Ask] refuses that.
// Its methods may be called concurrently; one question is on its way at a time.
type Probe struct {
	driver Driver
	line   *line
	at     address
	closed atomic.Bool
}

// OpenProbe opens a line by the keys of an address, as devices have them; of these, unit, gap and most say nothing here. ctx bounds how
// long that takes.
func OpenProbe(ctx context.Context, keys map[string]string) (*Probe, error) {
	at, problems := parseAddress(&roostv1.DeviceSpec{Address: keys})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	p := &Probe{at: at}
	l, err := p.driver.join(at.line)
	if err != nil {
		return nil, err
	}
	if err := l.connect(ctx); err != nil {
		p.driver.leave(l)
		return nil, err
	}
	p.line = l
	return p, nil
}

// Ask asks a unit and returns its answer. The error is actors.ErrNotSent if the request would write, or if no byte of it left; a
// frame.Exception if the unit refused; frame.ErrGarbled if what came was no answer. A line that broke is opened again by the next question.
func (p *Probe) Ask(ctx context.Context, unit byte, r frame.Request) (frame.Response, error) {
	if !r.Function.Reads() {
		return frame.Response{}, fmt.Errorf("%w: %s may change the device", actors.ErrNotSent, r.Function)
	}
	return p.line.ask(ctx, query{Request: &r, unit: unit, reply: p.at.reply, pause: p.at.pause, closed: &p.closed})
}

// Close closes the line, once the question that is on its way has ended.
func (p *Probe) Close() {
	if !p.closed.Swap(true) {
		p.driver.leave(p.line)
	}
}
