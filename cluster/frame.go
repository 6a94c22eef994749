package cluster

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A frame is a roostv1.LiveFrame. It is written and read by hand: each message is encoded once,
// where it is sent from, and what is read is not copied before it is decoded.

// The numbers of the fields of LiveFrame and LiveEnvelope.
const (
	frameGateway     protowire.Number = 1
	frameIncarnation protowire.Number = 2
	frameReceiver    protowire.Number = 3
	frameEnvelope    protowire.Number = 4

	envelopeAsk     protowire.Number = 1
	envelopeDevice  protowire.Number = 2
	envelopeWait    protowire.Number = 3
	envelopeRead    protowire.Number = 4
	envelopeCommand protowire.Number = 5
	envelopeResult  protowire.Number = 6
	envelopeRecord  protowire.Number = 7
	envelopeStatus  protowire.Number = 8
)

// An envelope is one message of a frame that is written.
type envelope struct {
	ask     uint64
	device  string
	waitMS  uint32
	message proto.Message
}

// fieldOf is the field that holds such a message; 0 if none does.
func fieldOf(m proto.Message) protowire.Number {
	switch m.(type) {
	case *roostv1.Read:
		return envelopeRead
	case *roostv1.Command:
		return envelopeCommand
	case *roostv1.ReadResult:
		return envelopeResult
	case *roostv1.CommandRecord:
		return envelopeRecord
	case *roostv1.Status:
		return envelopeStatus
	default:
		return 0
	}
}

// appendHeader begins a frame.
func appendHeader(b []byte, gateway, incarnation, receiver string) []byte {
	b = appendText(b, frameGateway, gateway)
	b = appendText(b, frameIncarnation, incarnation)
	return appendText(b, frameReceiver, receiver)
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, s)
}

// size returns how many bytes the envelope's body has, and its message. append counts on
// them: the message is not changed in between.
func (e *envelope) size() (body, message int) {
	message = proto.Size(e.message)
	if e.ask != 0 {
		body += protowire.SizeTag(envelopeAsk) + protowire.SizeVarint(e.ask)
	}
	if e.device != "" {
		body += protowire.SizeTag(envelopeDevice) + protowire.SizeBytes(len(e.device))
	}
	if e.waitMS != 0 {
		body += protowire.SizeTag(envelopeWait) + protowire.SizeVarint(uint64(e.waitMS))
	}
	return body + protowire.SizeTag(envelopeRead) + protowire.SizeBytes(message), message
}

// append adds the envelope to a frame. After an error the frame is as it was.
func (e *envelope) append(frame []byte, body, message int) ([]byte, error) {
	b := protowire.AppendTag(frame, frameEnvelope, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(body))
	if e.ask != 0 {
		b = protowire.AppendTag(b, envelopeAsk, protowire.VarintType)
		b = protowire.AppendVarint(b, e.ask)
	}
	if e.device != "" {
		b = appendText(b, envelopeDevice, e.device)
	}
	if e.waitMS != 0 {
		b = protowire.AppendTag(b, envelopeWait, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(e.waitMS))
	}
	b = protowire.AppendTag(b, fieldOf(e.message), protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(message))
	before := len(b)
	b, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(b, e.message)
	if err == nil && len(b)-before != message {
		err = roostv1.Errorf(roostv1.ErrInternal, "a %T was changed while it was sent", e.message)
	}
	if err != nil {
		return frame, err
	}
	return b, nil
}
