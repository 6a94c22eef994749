package channel

import (
	"bufio"
	"bytes"

	"github.com/gopcua/opcua/ua"
)

// Sealed are the two ends of keys, for tests of frames without a connection.
type Sealed struct{ own, other *keys }

// NewSealed exchanges keys of a policy.
func NewSealed(policy string, mode ua.MessageSecurityMode) (*Sealed, error) {
	config := Config{Policy: policy, Mode: mode}
	nonces := [][]byte{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)}
	own, err := config.symmetric(nonces[0], nonces[1])
	if err != nil {
		return nil, err
	}
	other, err := config.symmetric(nonces[1], nonces[0])
	return &Sealed{own: own, other: other}, err
}

// Seal makes a frame of sequence header and body.
func (s *Sealed) Seal(plain []byte) ([]byte, error) {
	return s.own.seal(append(header(kindMessage, chunkFinal), make([]byte, 8)...), plain)
}

// Unseal is the other end of Seal.
func (s *Sealed) Unseal(frame []byte) ([]byte, error) {
	return s.other.unseal(frame, channelSize+tokenSize)
}

// Most is how many bytes of a message a frame of this size takes.
func (s *Sealed) Most(frame int) int { return s.own.most(frame) }

// Take reads frames as a channel does that has these keys, and returns why it ended.
func (s *Sealed) Take(sent []byte) error {
	c := &Channel{opening: new(keys), config: Config{Policy: ua.SecurityPolicyURINone}, current: token{keys: s.other}, waiting: map[uint32]*Call{1: {done: make(chan done, 1), asked: 1}}}
	r := bufio.NewReader(bytes.NewReader(sent))
	for {
		frame, err := readFrame(r)
		if err == nil {
			err = c.take(frame)
		}
		if err != nil {
			return err
		}
	}
}
