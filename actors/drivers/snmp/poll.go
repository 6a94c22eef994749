package snmp

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Poll reads the resources, as many as may be with each request.
func (s *session) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.device, err)
	}
	return samples, nil
}

func (s *session) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	todo, err := s.plan(resources)
	if err != nil {
		return nil, err
	}
	samples := make([]actors.Sample, 0, len(resources))
	for i := 0; i < len(todo); i++ {
		answer, err := s.agent.ask(ctx, s.get(todo[i].variables))
		if err != nil {
			if len(samples) == 0 || ctx.Err() != nil {
				return nil, err
			}
			return unread(todo[i:], samples), nil // an agent that fell silent would let each of them wait
		}
		got, again := s.take(todo[i], answer, samples)
		samples, todo = got, append(todo, again...)
	}
	if len(todo) == 0 {
		return nil, context.Cause(ctx)
	}
	return samples, nil
}

// take appends the samples of an answer. What the agent does not give as one comes back as batches that are to be asked for instead.
func (s *session) take(b batch, answer *gosnmp.SnmpPacket, to []actors.Sample) (samples []actors.Sample, again []batch) {
	flaw := status(answer.Error)
	culprit := int(answer.ErrorIndex) - 1
	switch {
	case answer.Error == gosnmp.NoError:
		return s.decoded(b, answer.Variables, to), nil
	case len(b.objects) == 1:
		return bad(b.objects[0], to, flaw.reason(), uint32(flaw)), nil
	case answer.Error == gosnmp.TooBig:
		s.most = max(1, min(s.most, len(b.objects)-1, (len(b.objects)+1)/2))
		s.planned = planned{}
		return to, b.halves()
	case culprit < 0 || culprit >= len(b.objects):
		return to, b.halves()
	}
	// Version 1 has no other way to say that there is no such object.
	s.spoils(b.objects[culprit], true)
	return bad(b.objects[culprit], to, flaw.reason(), uint32(flaw)), b.without(culprit)
}

// decoded appends the samples of objects that the agent gave.
func (s *session) decoded(b batch, variables []gosnmp.SnmpPDU, to []actors.Sample) []actors.Sample {
	if len(b.objects) == 1 {
		s.spoils(b.objects[0], false)
	}
	at := time.Now()
	for i, o := range b.objects {
		variable := find(variables, o.oid, i)
		if variable == nil {
			to = bad(o, to, undecodable, 0)
			continue
		}
		for _, e := range o.entries {
			to = append(to, e.sample(variable, at))
		}
	}
	return to
}

// find returns an object of an answer; nil if it is not there. Mostly it is where it was in the question.
func find(variables []gosnmp.SnmpPDU, oid string, at int) *gosnmp.SnmpPDU {
	if at >= 0 && at < len(variables) && variables[at].Name == oid {
		return &variables[at]
	}
	for i := range variables {
		if variables[i].Name == oid {
			return &variables[i]
		}
	}
	return nil
}

// sample returns what a variable tells of the resource.
func (e *entry) sample(v *gosnmp.SnmpPDU, at time.Time) actors.Sample {
	value, reason := e.decode(v)
	sample := actors.Sample{Resource: e.resource.GetName(), Value: value, Reason: reason, At: at}
	if value == nil {
		sample.Quality, sample.VendorCode = roostv1.Quality_QUALITY_BAD, uint32(v.Type)
		sample.Detail = fmt.Sprintf("%s came of the agent", describe(v))
		if reason == undecodable {
			sample.Detail += ", which is no " + e.resource.GetType().Word() + " that the profile can have"
		}
	}
	return sample
}

// describe says what an agent gave, as far as it can be shown.
func describe(v *gosnmp.SnmpPDU) string {
	const most = 64
	text := fmt.Sprint(v.Value)
	if octets, is := v.Value.([]byte); is {
		text = strconv.QuoteToASCII(string(octets[:min(len(octets), most)]))
	}
	if v.Value == nil {
		return v.Type.String()
	}
	return fmt.Sprintf("%s %s", v.Type, text[:min(len(text), 4*most)])
}

// bad appends samples without values.
func bad(o object, to []actors.Sample, reason roostv1.QualityReason, code uint32) []actors.Sample {
	for _, e := range o.entries {
		to = append(to, actors.Sample{
			Resource: e.resource.GetName(), Quality: roostv1.Quality_QUALITY_BAD, Reason: reason, VendorCode: code, At: time.Now(),
		})
	}
	return to
}

// unread appends samples of what was not answered.
func unread(batches []batch, to []actors.Sample) []actors.Sample {
	for _, b := range batches {
		for _, o := range b.objects {
			to = bad(o, to, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE, 0)
		}
	}
	return to
}
