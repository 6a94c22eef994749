package roostv1

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// ParseValue reads a value of type t as people type it on a command line:
//
//	BOOL     true false, on off, yes no; 1 and 0 are numbers
//	INT      -12, or 0xff
//	UINT     12, or 0xff
//	DOUBLE   12, 0.5, 1e3; not NaN, not Inf
//	STRING   as it is
//	BYTES    0x and hex digits, else base64 of either alphabet
//
// The error is ErrInvalid and starts with the text: "fast" is not a number.
func ParseValue(t ValueType, s string) (*Value, error) {
	v, err := parseKind(t, s)
	if err != nil {
		return nil, err
	}
	return Convert(v, t)
}

func parseKind(t ValueType, s string) (*Value, error) {
	switch t {
	case ValueType_VALUE_TYPE_BOOL:
		return parseBool(s)
	case ValueType_VALUE_TYPE_INT:
		digits, base := integer(s)
		v, err := strconv.ParseInt(digits, base, 64)
		return Int(v), refuse(s, err, "an INT")
	case ValueType_VALUE_TYPE_UINT:
		digits, base := integer(s)
		v, err := strconv.ParseUint(digits, base, 64)
		return Uint(v), refuse(s, err, "a UINT")
	case ValueType_VALUE_TYPE_DOUBLE:
		v, err := strconv.ParseFloat(s, 64)
		return Double(v), refuse(s, err, "a number")
	case ValueType_VALUE_TYPE_STRING:
		return Text(s), nil
	case ValueType_VALUE_TYPE_BYTES:
		return parseBytes(s)
	default:
		return nil, Errorf(ErrInvalid, "%q cannot be read as a value of no known type", cut(s, 64))
	}
}

func parseBool(s string) (*Value, error) {
	switch strings.ToLower(s) {
	case "true", "on", "yes":
		return Bool(true), nil
	case "false", "off", "no":
		return Bool(false), nil
	default:
		return nil, Errorf(ErrInvalid, "%q is not a BOOL: say true or false", cut(s, 64))
	}
}

// integer takes hex by its prefix and everything else as decimal: a leading zero
// does not make 010 eight.
func integer(s string) (digits string, base int) {
	sign := ""
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	// A second sign would be taken for the number's own once the prefix is gone.
	if rest, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok && !strings.HasPrefix(rest, "-") && !strings.HasPrefix(rest, "+") {
		return sign + rest, 16
	}
	return sign + s, 10
}

func parseBytes(s string) (*Value, error) {
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, Errorf(ErrInvalid, "%q is not BYTES: after 0x come pairs of hex digits", cut(s, 64))
		}
		return Bytes(b), nil
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, Errorf(ErrInvalid, "%q is not BYTES: neither 0x and hex digits nor base64", cut(s, 64))
	}
	return Bytes(b), nil
}

// refuse turns an error of strconv into one that a sender can act on. It returns
// an untyped nil where there is none.
func refuse(s string, err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, strconv.ErrRange):
		return Errorf(ErrInvalid, "%q is out of the range of %s", cut(s, 64), what)
	default:
		return Errorf(ErrInvalid, "%q is not %s", cut(s, 64), what)
	}
}
