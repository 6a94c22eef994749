package channel_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
)

// sealings are keys of all policies and modes.
func sealings(t testing.TB) map[string]*channel.Sealed {
	all := make(map[string]*channel.Sealed)
	for _, policy := range []string{ua.SecurityPolicyURIBasic256Sha256, ua.SecurityPolicyURIAes128Sha256RsaOaep, ua.SecurityPolicyURIAes256Sha256RsaPss} {
		for _, mode := range []ua.MessageSecurityMode{ua.MessageSecurityModeSign, ua.MessageSecurityModeSignAndEncrypt} {
			s, err := channel.NewSealed(policy, mode)
			if err != nil {
				t.Fatal(err)
			}
			all[policy+" "+mode.String()] = s
		}
	}
	return all
}

// TestSeal: what is sealed is what comes out, of any length, and fits where it should.
func TestSeal(t *testing.T) {
	for name, s := range sealings(t) {
		for _, n := range []int{8, 9, 23, 24, 25, 1000, 8 + s.Most(8192), 8 + s.Most(0xffff)} {
			plain := bytes.Repeat([]byte{byte(n)}, n)
			frame, err := s.Seal(plain)
			if err != nil {
				t.Fatal(name, err)
			}
			if size := int(binary.LittleEndian.Uint32(frame[4:])); size != len(frame) || n == 8+s.Most(8192) && size > 8192 || size > 0xffff {
				t.Errorf("%s: a frame of %d bytes says that it has %d", name, len(frame), size)
			}
			if got, err := s.Unseal(frame); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s: of %d bytes came %d, %v", name, n, len(got), err)
			}
		}
	}
}

// TestTampered: a frame of which a bit was changed, or an end cut off, is none.
func TestTampered(t *testing.T) {
	for name, s := range sealings(t) {
		frame, err := s.Seal([]byte("a sequence header and a body"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range frame {
			changed := bytes.Clone(frame)
			changed[i] ^= 4
			if _, err := s.Unseal(changed); err == nil {
				t.Errorf("%s: byte %d was changed, and nobody saw it", name, i)
			}
			if i < 16 {
				continue
			}
			if _, err := s.Unseal(frame[:i:i]); err == nil {
				t.Errorf("%s: %d bytes of %d are taken for a frame", name, i, len(frame))
			}
		}
	}
}

// FuzzFrames: whatever a server sends, reading it ends with an error, and does not panic.
func FuzzFrames(f *testing.F) {
	frame := func(kind string, rest ...byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(8+len(rest))), rest...)
	}
	s := sealings(f)[ua.SecurityPolicyURIBasic256Sha256+" "+ua.MessageSecurityModeSign.String()]
	sealed, err := s.Seal([]byte{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x7a, 2})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{sealed, frame("ERRF", 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff), frame("CLOF"), frame("OPNF", make([]byte, 40)...), frame("MSGC", make([]byte, 16)...)} {
		f.Add(seed)
	}
	all := sealings(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		for _, s := range all {
			if s.Take(sent) == nil {
				t.Fatal("it does not end")
			}
		}
	})
}
