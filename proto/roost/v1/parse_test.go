package roostv1_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestParseValue(t *testing.T) {
	tests := []struct {
		to   roostv1.ValueType
		text string
		want *roostv1.Value
		err  string
	}{
		{typeBool, "true", roostv1.Bool(true), ""},
		{typeBool, "ON", roostv1.Bool(true), ""},
		{typeBool, "no", roostv1.Bool(false), ""},
		{typeBool, "1", nil, `"1" is not a BOOL: say true or false`},
		{typeBool, "", nil, `"" is not a BOOL: say true or false`},
		{typeInt, "-12", roostv1.Int(-12), ""},
		{typeInt, "+12", roostv1.Int(12), ""},
		{typeInt, "010", roostv1.Int(10), ""},
		{typeInt, "-0x10", roostv1.Int(-16), ""},
		{typeInt, "0XfF", roostv1.Int(255), ""},
		{typeInt, "0x-10", nil, `"0x-10" is not an INT`},
		{typeInt, "0x", nil, `"0x" is not an INT`},
		{typeInt, "--1", nil, `"--1" is not an INT`},
		{typeInt, "1e3", nil, `"1e3" is not an INT`},
		{typeInt, "fast", nil, `"fast" is not an INT`},
		{typeInt, "9223372036854775808", nil, `"9223372036854775808" is out of the range of an INT`},
		{typeUint, "18446744073709551615", roostv1.Uint(1<<64 - 1), ""},
		{typeUint, "-1", nil, `"-1" is not a UINT`},
		{typeUint, "18446744073709551616", nil, `"18446744073709551616" is out of the range of a UINT`},
		{typeDouble, "900", roostv1.Double(900), ""},
		{typeDouble, "1e3", roostv1.Double(1000), ""},
		{typeDouble, "-.5", roostv1.Double(-0.5), ""},
		{typeDouble, "nan", nil, `NaN is not a finite number`},
		{typeDouble, "-inf", nil, `-Inf is not a finite number`},
		{typeDouble, "1e999", nil, `"1e999" is out of the range of a number`},
		{typeDouble, "1,5", nil, `"1,5" is not a number`},
		{typeString, "", roostv1.Text(""), ""},
		{typeString, `"as is"`, roostv1.Text(`"as is"`), ""},
		{typeString, "\xff", nil, `"\xff" is not UTF-8 text`},
		{typeBytes, "", roostv1.Bytes(nil), ""},
		{typeBytes, "0x", roostv1.Bytes(nil), ""},
		{typeBytes, "0xC0de", roostv1.Bytes([]byte{0xc0, 0xde}), ""},
		{typeBytes, "0xabc", nil, `"0xabc" is not BYTES: after 0x come pairs of hex digits`},
		{typeBytes, "+/8=", roostv1.Bytes([]byte{0xfb, 0xff}), ""},
		{typeBytes, "-_8", roostv1.Bytes([]byte{0xfb, 0xff}), ""},
		{typeBytes, "no!", nil, `"no!" is not BYTES: neither 0x and hex digits nor base64`},
		{typeNone, "1", nil, `"1" cannot be read as a value of no known type`},
		{roostv1.ValueType(99), "1", nil, `"1" cannot be read as a value of no known type`},
	}
	for _, test := range tests {
		t.Run(test.to.Word()+" "+test.text, func(t *testing.T) {
			got, err := roostv1.ParseValue(test.to, test.text)
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			checkRefusal(t, err, test.err)
		})
	}
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{"", "true", "-12", "0xff", "0x-1", "010", "1e3", "1e-400", "nan", "0x1p-2", "1_000", "a b", "\x1b[31m", "\xff", "+/8=", "-_8"} {
		for t := range int32(8) {
			f.Add(t, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind int32, text string) {
		to := roostv1.ValueType(kind)
		v, err := roostv1.ParseValue(to, text)
		if err != nil {
			checkText(t, err)
			if v != nil {
				t.Errorf("ParseValue(%v, %q) = %v and %v", to, text, v, err)
			}
			return
		}
		if v.Type() != to {
			t.Fatalf("ParseValue(%v, %q) = %v", to, text, v)
		}
		// What is shown can be typed, but for text in quotes and bytes that are cut.
		if to == typeString || len(v.GetBytes()) > 32 {
			return
		}
		if again, err := roostv1.ParseValue(to, v.Format()); err != nil || !roostv1.EqualValues(again, v) {
			t.Errorf("ParseValue(%v, %q) = %v, shown as %s, which is %v, %v", to, text, v, v.Format(), again, err)
		}
	})
}

// checkText fails unless an error is ErrInvalid or ErrNotFound, and can be printed
// and sent: short, valid and without control characters.
func checkText(t reporter, err error) {
	t.Helper()
	text := err.Error()
	if !errors.Is(err, roostv1.ErrInvalid) && !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("error %q is neither ErrInvalid nor ErrNotFound", err)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || text == "" {
		t.Errorf("error %q cannot be shown", text)
	}
	if len(text) > 8<<10 {
		t.Errorf("error of %d bytes: %.100q...", len(text), text)
	}
}
