package channel

import (
	"errors"
	"fmt"

	"github.com/gopcua/opcua/uapolicy"
)

// keys are the algorithms of one direction each, with their keys. The zero value neither signs nor encrypts.
type keys struct {
	algorithm       *uapolicy.EncryptionAlgorithm
	signs, encrypts bool
}

// longKey is the length of RSA keys, in bytes, above which padding has a second byte for its length.
const longKey = 256

// errTampered means that a frame is not what its sender sent, or that it has other keys.
var errTampered = errors.New("a frame's signature is not right")

// most is how many bytes of a message a frame of this size can take.
func (k *keys) most(frame int) int {
	room := frame - channelSize - tokenSize
	if k.encrypts {
		room = room / k.algorithm.BlockSize() * k.algorithm.PlaintextBlockSize()
		room -= 2 // the length of the padding
	}
	if k.signs {
		room -= k.algorithm.SignatureLength()
	}
	return room - sequenceSize
}

// seal makes a frame of its headers, and of the part that may be encrypted: sequence header and body.
func (k *keys) seal(headers, plain []byte) ([]byte, error) {
	frame := append(headers, plain...)
	if !k.signs {
		setSize(frame, len(frame))
		return frame, nil
	}
	clear, size := len(headers), 0
	if k.encrypts {
		frame = k.pad(frame, clear)
		size = clear + (len(frame)-clear+k.algorithm.SignatureLength())/k.algorithm.PlaintextBlockSize()*k.algorithm.BlockSize()
	} else {
		size = len(frame) + k.algorithm.SignatureLength()
	}
	setSize(frame, size)
	signature, err := k.algorithm.Signature(frame)
	if err != nil {
		return nil, err
	}
	frame = append(frame, signature...)
	if k.encrypts {
		secret, err := k.algorithm.Encrypt(frame[clear:])
		if err != nil {
			return nil, err
		}
		frame = append(frame[:clear:clear], secret...)
	}
	if len(frame) != size {
		return nil, fmt.Errorf("a sealed frame has %d bytes, and not %d", len(frame), size)
	}
	return frame, nil
}

// pad fills up what is to be encrypted, so that it has whole blocks with its signature.
func (k *keys) pad(frame []byte, clear int) []byte {
	block, lengths := k.algorithm.PlaintextBlockSize(), 1
	if k.algorithm.RemoteSignatureLength() > longKey {
		lengths = 2
	}
	n := block - (len(frame)-clear+lengths+k.algorithm.SignatureLength())%block
	if n == block {
		n = 0
	}
	for range n + 1 {
		frame = append(frame, byte(n))
	}
	if lengths == 2 {
		frame = append(frame, byte(n>>8))
	}
	return frame
}

// unseal returns sequence header and body of a frame whose headers have this length.
func (k *keys) unseal(frame []byte, headers int) ([]byte, error) {
	if !k.signs {
		return atLeast(frame[headers:], sequenceSize)
	}
	rest := frame[headers:]
	if k.encrypts {
		var err error
		if rest, err = k.algorithm.Decrypt(rest); err != nil {
			return nil, fmt.Errorf("%w: %w", errTampered, err)
		}
	}
	end := len(rest) - k.algorithm.RemoteSignatureLength()
	if end < sequenceSize {
		return nil, fmt.Errorf("%w: it is too short for one", errTampered)
	}
	signed := append(frame[:headers:headers], rest[:end]...)
	if err := k.algorithm.VerifySignature(signed, rest[end:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errTampered, err)
	}
	if !k.encrypts {
		return rest[:end], nil
	}
	return k.unpad(rest[:end])
}

func (k *keys) unpad(rest []byte) ([]byte, error) {
	last := len(rest) - 1
	n := int(rest[last])
	if k.algorithm.SignatureLength() > longKey {
		n = n<<8 | int(rest[last-1])
		last--
	}
	end := last - n
	if end < 0 {
		return nil, fmt.Errorf("a frame of %d bytes has %d of padding", len(rest), n)
	}
	return atLeast(rest[:end], sequenceSize)
}

func atLeast(b []byte, n int) ([]byte, error) {
	if len(b) < n {
		return nil, fmt.Errorf("a frame ends after %d bytes", len(b))
	}
	return b, nil
}
