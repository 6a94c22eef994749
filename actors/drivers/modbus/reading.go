package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// reading is one poll while it goes on. What can be done while a device works on its answer is done then: the answer before is decoded, and
// the samples of this one are laid out, so that little is left to do when it comes.
type reading struct {
	session   *session
	end       *end
	resources int
	samples   []actors.Sample // of as many resources; those of the answer that is not decoded yet, and of the one that is waited for, are laid out
	blanks    blanks
	meanwhile func() // decodes and lays out
	asked     *span  // what is being asked for
	answered  answer
}

// answer is one that is not decoded yet; it has no span if there is none. Before the next one can come, there is a meanwhile.
type answer struct {
	of       *span
	begin    int // of its samples
	response frame.Response
	at       time.Time
}

func newReading(s *session, e *end, resources int) *reading {
	r := &reading{session: s, end: e, resources: resources, blanks: s.planned.blanks}
	r.meanwhile = func() {
		r.decode()
		r.layOut()
	}
	return r
}

// read reads a span; its samples are complete after the next read, or decode. What the device does not give as one comes back as spans
// that are to be read alone.
func (r *reading) read(ctx context.Context, of *span) (again []span, err error) {
	begin := len(r.samples)
	r.asked = of
	response, err := r.session.ask(ctx, query{Request: &of.request, end: r.end, meanwhile: r.meanwhile})
	if err == nil {
		r.answered = answer{of: of, begin: begin, response: response, at: time.Now()}
		return nil, nil
	}
	clear(r.samples[begin:])
	r.samples = r.samples[:begin]
	var exception frame.Exception
	switch {
	case !errors.As(err, &exception) || exception == frame.GatewayNoPath || exception == frame.GatewayTargetNoAnswers:
		return nil, err
	case len(of.entries) == 1 || exception != frame.IllegalAddress && exception != frame.IllegalValue:
		r.bad(of, reasonOf(exception), uint32(exception))
		return nil, nil
	}
	return r.session.apart(of), nil
}

// layOut appends the samples of what is asked for, with all that is known of them before the answer.
func (r *reading) layOut() {
	r.room()
	for _, e := range r.asked.entries {
		n := len(r.samples)
		r.samples = r.samples[:n+1] // there is room, and it is zero
		sample := &r.samples[n]
		sample.Resource, sample.Value = e.name, r.blanks.of(e.kind)
	}
}

// room makes room for all samples, once.
func (r *reading) room() {
	if r.samples == nil {
		r.samples = make([]actors.Sample, 0, r.resources)
	}
}

// decode completes the samples of an answer, if there is one to be decoded.
func (r *reading) decode() {
	a := r.answered
	if a.of == nil {
		return
	}
	r.answered = answer{}
	samples := r.samples[a.begin:]
	for i, e := range a.of.entries {
		sample := &samples[i]
		sample.At = a.at
		sample.Value, sample.Reason = e.decode(sample.Value, a.of.part(e, &a.response))
		if sample.Value == nil {
			sample.Quality = roostv1.Quality_QUALITY_BAD
			sample.Detail = fmt.Sprintf("what came is no %s that can be read as %s", e.encoding, e.resource.GetType().Word())
		}
	}
}

// bad appends samples without values.
func (r *reading) bad(of *span, reason roostv1.QualityReason, code uint32) {
	r.room()
	at := time.Now()
	for _, e := range of.entries {
		r.samples = append(r.samples, actors.Sample{
			Resource: e.name, Quality: roostv1.Quality_QUALITY_BAD, Reason: reason, VendorCode: code, At: at,
		})
	}
}

// reasonOf is why there is no value when the device refuses to give it.
func reasonOf(e frame.Exception) roostv1.QualityReason {
	switch e {
	case frame.IllegalFunction, frame.IllegalAddress, frame.IllegalValue:
		return roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED // there is nothing at that address
	case frame.Acknowledge, frame.ServerBusy:
		return roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY
	}
	return roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
}
