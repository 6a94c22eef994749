package cluster

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A received is a frame as it came. What it holds are parts of the data.
type received struct {
	data                           []byte
	gateway, incarnation, receiver []byte
}

// errFrame says that data is no frame.
var errFrame = roostv1.Errorf(roostv1.ErrInvalid, "not a frame of live requests")

// readFrame reads who sent a frame, and to whom. The error is ErrInvalid: then nothing of
// the data is used.
func readFrame(data []byte) (received, error) {
	f := received{data: data}
	for rest := data; len(rest) > 0; {
		field, kind, value, n := nextField(rest)
		if n < 0 {
			return received{}, errFrame
		}
		rest = rest[n:]
		if kind != protowire.BytesType {
			continue
		}
		switch field {
		case frameGateway:
			f.gateway = value
		case frameIncarnation:
			f.incarnation = value
		case frameReceiver:
			f.receiver = value
		}
	}
	if len(f.gateway) == 0 || len(f.incarnation) == 0 || len(f.receiver) == 0 {
		return received{}, errFrame
	}
	return f, nil
}

// envelopes calls each with every envelope that can be read; one that cannot be is passed over.
func (f *received) envelopes(each func(receivedEnvelope)) {
	for rest := f.data; len(rest) > 0; {
		field, kind, value, n := nextField(rest)
		rest = rest[n:] // readFrame has been through it
		if field != frameEnvelope || kind != protowire.BytesType {
			continue
		}
		if e, ok := readEnvelope(value); ok {
			each(e)
		}
	}
}

// A receivedEnvelope is an envelope as it came.
type receivedEnvelope struct {
	ask    uint64
	device []byte
	waitMS uint32
	field  protowire.Number // of the message; 0: there is none that this version knows
	body   []byte
}

func readEnvelope(data []byte) (e receivedEnvelope, ok bool) {
	for len(data) > 0 {
		field, kind, value, n := nextField(data)
		if n < 0 {
			return receivedEnvelope{}, false
		}
		switch {
		case kind == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(value)
			switch field {
			case envelopeAsk:
				e.ask = v
			case envelopeWait:
				e.waitMS = uint32(min(v, math.MaxUint32))
			}
		case kind == protowire.BytesType && field == envelopeDevice:
			e.device = value
		case kind == protowire.BytesType && envelopeRead <= field && field <= envelopeStatus:
			e.field, e.body = field, value
		}
		data = data[n:]
	}
	return e, true
}

// nextField returns the first field of a message, the bytes of its value, and how many bytes
// it takes; less than 0 if it cannot be read.
func nextField(data []byte) (field protowire.Number, kind protowire.Type, value []byte, n int) {
	field, kind, tag := protowire.ConsumeTag(data)
	if tag < 0 {
		return 0, 0, nil, tag
	}
	size := protowire.ConsumeFieldValue(field, kind, data[tag:])
	if size < 0 {
		return 0, 0, nil, size
	}
	value = data[tag : tag+size]
	if kind == protowire.BytesType {
		value, _ = protowire.ConsumeBytes(value)
	}
	return field, kind, value, tag + size
}

// message decodes the envelope's message.
func (e *receivedEnvelope) message() (proto.Message, error) {
	var m proto.Message
	switch e.field {
	case envelopeRead:
		m = &roostv1.Read{}
	case envelopeCommand:
		m = &roostv1.Command{}
	case envelopeResult:
		m = &roostv1.ReadResult{}
	case envelopeRecord:
		m = &roostv1.CommandRecord{}
	case envelopeStatus:
		m = &roostv1.Status{}
	default:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the message is of a kind that is not known here")
	}
	if err := proto.Unmarshal(e.body, m); err != nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the message cannot be read: %v", err)
	}
	return m, nil
}

// isQuestion reports whether the message is for a device.
func (e *receivedEnvelope) isQuestion() bool {
	return e.field == envelopeRead || e.field == envelopeCommand
}

// isAnswer reports whether the message is an answer.
func (e *receivedEnvelope) isAnswer() bool { return e.field >= envelopeResult }
