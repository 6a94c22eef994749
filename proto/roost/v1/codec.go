package roostv1

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// MaxMessage is the size in bytes of the largest message that is taken or made.
const MaxMessage = 1 << 20

// Unmarshal reads a message that came over a wire, in protobuf or in protobuf's
// JSON, whichever it is, and reports which: an answer is best given in kind.
//
// Nothing at all is the message with no field set. JSON with a field that the message
// does not have is refused. m is overwritten; after an error it is empty. The
// error is ErrInvalid.
func Unmarshal(data []byte, m proto.Message) (isJSON bool, err error) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return false, Errorf(ErrInvalid, "no message to read into")
	}
	name := m.ProtoReflect().Descriptor().FullName()
	if len(data) > MaxMessage {
		proto.Reset(m)
		return false, Errorf(ErrInvalid, "%s: %d bytes, at most %d are taken", name, len(data), MaxMessage)
	}
	if isJSON, err = unmarshal(data, m); err == nil {
		return isJSON, nil
	}
	proto.Reset(m)
	form := "protobuf"
	if isJSON {
		form = "JSON"
	}
	return isJSON, Errorf(ErrInvalid, "%s: not readable as %s: %s", name, form, plainText(err))
}

// unmarshal tells JSON from protobuf by its first character. No message of ours
// starts with '{', which would begin a group in field 15. After white space it is not so
// plain: a newline and '{' also begin a message whose first field has 123 bytes.
// There, what is JSON throughout is JSON, and what is neither is a mistake in JSON.
func unmarshal(data []byte, m proto.Message) (isJSON bool, err error) {
	text := bytes.TrimLeft(data, " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return false, proto.Unmarshal(data, m)
	}
	if len(text) < len(data) && !json.Valid(text) && proto.Unmarshal(data, m) == nil {
		return false, nil
	}
	return true, protojson.Unmarshal(data, m)
}

// plainText makes an error of the protobuf packages fit for a status: without their
// prefix, which holds a space that varies from build to build on purpose, without what
// does not print, and without the whole of a long input.
func plainText(err error) string {
	const most = 300
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		default:
			return utf8.RuneError
		}
	}, err.Error())
	return cut(strings.TrimPrefix(text, "proto: "), most)
}

// Marshal writes a message as protobuf or as protobuf's JSON. The same message
// gives the same bytes: JSON is one line, without the spaces that protojson
// varies, and the entries of maps are sorted.
func Marshal(m proto.Message, asJSON bool) ([]byte, error) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return nil, Errorf(ErrInvalid, "no message to write")
	}
	data, err := marshal(m, asJSON)
	name := m.ProtoReflect().Descriptor().FullName()
	switch {
	case err != nil:
		return nil, Errorf(ErrInvalid, "%s: %s", name, plainText(err))
	case len(data) > MaxMessage:
		return nil, Errorf(ErrInvalid, "%s: %d bytes, at most %d can be sent", name, len(data), MaxMessage)
	}
	return data, nil
}

func marshal(m proto.Message, asJSON bool) ([]byte, error) {
	if !asJSON {
		return proto.MarshalOptions{Deterministic: true}.Marshal(m)
	}
	spaced, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer
	line.Grow(len(spaced))
	if err := json.Compact(&line, spaced); err != nil {
		return nil, err
	}
	return line.Bytes(), nil
}
