package payload

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// How BYTES are written as text. Nothing tells the two apart: 0x12 is three bytes in the one, and one in the other.
const (
	bytesBase64 = "base64"
	bytesHex    = "hex"
)

// parseBytes reads BYTES that are written as text: base64 of either alphabet with or without padding, hexadecimal digits with or
// without 0x.
func (w words) parseBytes(text string) (*roostv1.Value, error) {
	var raw []byte
	var err error
	if w.bytes == bytesHex {
		raw, err = hex.DecodeString(strings.TrimPrefix(text, "0x"))
	} else {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err = base64.RawStdEncoding.DecodeString(plain)
	}
	if err != nil {
		return nil, err
	}
	return roostv1.Bytes(raw), nil
}

// textOf writes BYTES as text.
func (w words) textOf(raw []byte) string {
	if w.bytes == bytesHex {
		return hex.EncodeToString(raw)
	}
	return base64.StdEncoding.EncodeToString(raw)
}
