package channel

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uacp"
)

const (
	headerSize   = 8  // kind, chunk and length
	channelSize  = 12 // these, and the channel's id
	tokenSize    = 4
	sequenceSize = 8 // sequence number and request id
)

// Kinds of frames.
const (
	kindHello   = "HEL"
	kindAck     = "ACK"
	kindError   = "ERR"
	kindOpen    = "OPN"
	kindClose   = "CLO"
	kindMessage = "MSG"
)

// What a frame is of its message.
const (
	chunkMore  = 'C'
	chunkFinal = 'F'
	chunkAbort = 'A'
)

// readFrame reads one frame, of at most maxFrame bytes.
func readFrame(r io.Reader) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header[4:])
	if size < headerSize || size > maxFrame {
		return nil, fmt.Errorf("a frame says that it has %d bytes: this is no OPC UA", size)
	}
	frame := make([]byte, size)
	copy(frame, header[:])
	if _, err := io.ReadFull(r, frame[headerSize:]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return frame, nil
}

func kindOf(frame []byte) string { return string(frame[:3]) }

// header begins a frame; its length is set when that is known.
func header(kind string, chunk byte) []byte {
	return append([]byte(kind), chunk, 0, 0, 0, 0)
}

func setSize(frame []byte, size int) { binary.LittleEndian.PutUint32(frame[4:], uint32(size)) }

// Fault is what a server says of the connection as a whole, before it closes it.
type Fault struct {
	Code   ua.StatusCode
	Reason string
}

func (f *Fault) Error() string {
	if f.Reason == "" {
		return fmt.Sprintf("the server closed the channel: %v", f.Code)
	}
	return fmt.Sprintf("the server closed the channel: %v: %q", f.Code, f.Reason)
}

func (f *Fault) Unwrap() error { return f.Code }

// faultIn returns what an error frame says.
func faultIn(frame []byte) error {
	b := ua.NewBuffer(frame[headerSize:])
	f := &Fault{Code: ua.StatusCode(b.ReadUint32()), Reason: b.ReadString()}
	if err := b.Error(); err != nil {
		return fmt.Errorf("the server closed the channel, and its reason cannot be read: %w", err)
	}
	return f
}

// greet says hello, and returns what the server takes.
func greet(rw io.ReadWriter, endpoint string) (*uacp.Acknowledge, error) {
	hello := &uacp.Hello{
		ReceiveBufSize: maxFrame, SendBufSize: maxFrame, MaxMessageSize: maxMessage, MaxChunkCount: maxChunks, EndpointURL: endpoint,
	}
	body, err := hello.Encode()
	if err != nil {
		return nil, err
	}
	frame := append(header(kindHello, chunkFinal), body...)
	setSize(frame, len(frame))
	if _, err := rw.Write(frame); err != nil {
		return nil, err
	}
	if frame, err = readFrame(rw); err != nil {
		return nil, err
	}
	switch kindOf(frame) {
	case kindAck:
	case kindError:
		return nil, faultIn(frame)
	default:
		return nil, fmt.Errorf("the answer to the greeting is %q: this is no OPC UA", frame[:4])
	}
	ack := new(uacp.Acknowledge)
	if _, err := ack.Decode(frame[headerSize:]); err != nil {
		return nil, fmt.Errorf("the answer to the greeting: %w", err)
	}
	if ack.ReceiveBufSize < minFrame {
		return nil, fmt.Errorf("the server takes frames of %d bytes only, and OPC UA wants %d", ack.ReceiveBufSize, minFrame)
	}
	ack.ReceiveBufSize = min(ack.ReceiveBufSize, maxFrame)
	return ack, nil
}
