package roostv1_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestConvert(t *testing.T) {
	tests := []struct {
		name  string
		value *roostv1.Value
		to    roostv1.ValueType
		want  *roostv1.Value
		err   string
	}{
		{"same", roostv1.Double(0.5), typeDouble, roostv1.Double(0.5), ""},
		{"int to uint", roostv1.Int(5), typeUint, roostv1.Uint(5), ""},
		{"int to double", roostv1.Int(-5), typeDouble, roostv1.Double(-5), ""},
		{"uint to int", roostv1.Uint(5), typeInt, roostv1.Int(5), ""},
		{"uint to double", roostv1.Uint(1 << 63), typeDouble, roostv1.Double(1 << 63), ""},
		{"double to int", roostv1.Double(-900), typeInt, roostv1.Int(-900), ""},
		{"double to uint", roostv1.Double(900), typeUint, roostv1.Uint(900), ""},
		{"lowest double to int", roostv1.Double(math.MinInt64), typeInt, roostv1.Int(math.MinInt64), ""},

		{"negative", roostv1.Int(-1), typeUint, nil, "-1 is below zero, which a UINT cannot be"},
		{"negative double", roostv1.Double(-1), typeUint, nil, "-1 is below zero, which a UINT cannot be"},
		{"fraction", roostv1.Double(9000.5), typeInt, nil, "9000.5 is not a whole number, as an INT must be"},
		{"fraction to uint", roostv1.Double(0.5), typeUint, nil, "0.5 is not a whole number, as a UINT must be"},
		{"large uint", roostv1.Uint(1 << 63), typeInt, nil, "9223372036854775808 is outside of the range of an INT"},
		{"2^63", roostv1.Double(1 << 63), typeInt, nil, "9.223372036854776e+18 is outside of the range of an INT"},
		{"2^64", roostv1.Double(1 << 64), typeUint, nil, "1.8446744073709552e+19 is outside of the range of a UINT"},
		{"low", roostv1.Double(-1e19), typeInt, nil, "-1e+19 is outside of the range of an INT"},
		{"lost digit", roostv1.Int(1<<53 + 1), typeDouble, nil, "9007199254740993 would lose digits as a DOUBLE"},
		{"highest int", roostv1.Int(math.MaxInt64), typeDouble, nil, "9223372036854775807 would lose digits as a DOUBLE"},
		{"highest uint", roostv1.Uint(math.MaxUint64), typeDouble, nil, "18446744073709551615 would lose digits as a DOUBLE"},
		{"NaN", roostv1.Double(math.NaN()), typeDouble, nil, "NaN is not a finite number"},
		{"NaN to int", roostv1.Double(math.NaN()), typeInt, nil, "NaN is not a finite number"},
		{"infinity", roostv1.Double(math.Inf(1)), typeUint, nil, "+Inf is not a finite number"},

		{"number for bool", roostv1.Int(1), typeBool, nil, "1 is an INT, not a BOOL"},
		{"bool for number", roostv1.Bool(true), typeInt, nil, "true is a BOOL, not an INT"},
		{"text for number", roostv1.Text("fast"), typeDouble, nil, "fast is a STRING, not a DOUBLE"},
		{"text for bytes", roostv1.Text("a"), typeBytes, nil, "a is a STRING, not BYTES"},
		{"bytes for text", roostv1.Bytes([]byte("a")), typeString, nil, "0x61 is BYTES, not a STRING"},
		{"nothing", nil, typeInt, nil, "no value, where an INT is needed"},
		{"no kind", &roostv1.Value{}, typeString, nil, "no value, where a STRING is needed"},
		{"no type", roostv1.Int(1), typeNone, nil, "1 is an INT, not a value of no type"},
		{"not UTF-8", roostv1.Text("a\xff"), typeString, nil, `"a\xff" is not UTF-8 text`},
		{"long text", roostv1.Text(strings.Repeat("a", roostv1.MaxValue+1)), typeString, nil, strings.Repeat("a", 64) + "... is longer than 65536 bytes"},
		{"long bytes", roostv1.Bytes(make([]byte, roostv1.MaxValue+1)), typeBytes, nil, "0x" + strings.Repeat("00", 32) + "... (65537 bytes) is longer than 65536 bytes"},
		{"long characters", roostv1.Text("o" + strings.Repeat("ü", 100)), typeInt, nil, "o" + strings.Repeat("ü", 31) + "... is a STRING, not an INT"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := roostv1.Convert(test.value, test.to)
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			checkRefusal(t, err, test.err)
		})
	}
}

// checkRefusal compares an error that must be ErrInvalid with the text wanted, which
// is empty for none.
func checkRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %q, want none", err)
	case want != "" && err == nil:
		t.Errorf("no error, want %q", want)
	case want != "" && err.Error() != want:
		t.Errorf("error\n%s\nwant\n%s", err, want)
	case err != nil && !errors.Is(err, roostv1.ErrInvalid):
		t.Errorf("error %q is not ErrInvalid", err)
	}
}

func TestConvertLosesNoDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawNumber(t, "v")
		to := rapid.SampledFrom([]roostv1.ValueType{typeInt, typeUint, typeDouble}).Draw(t, "to")
		got, err := roostv1.Convert(v, to)
		if err == nil {
			if got.Type() != to || exact(got).Cmp(exact(v)) != 0 {
				t.Fatalf("Convert(%v, %v) = %v", v, to, got)
			}
			return
		}
		// A refusal is right only if the type does not hold the number.
		n := exact(v)
		_, isInt := n.Int64()
		_, isUint := n.Uint64()
		_, isDouble := n.Float64()
		holds := map[roostv1.ValueType]bool{typeInt: isInt == 0 && n.IsInt(), typeUint: isUint == 0 && n.IsInt(), typeDouble: isDouble == 0}
		if holds[to] {
			t.Fatalf("Convert(%v, %v): %v", v, to, err)
		}
	})
}

func TestConvertKeepsWhatFits(t *testing.T) {
	v := roostv1.Text("as it is")
	if got, err := roostv1.Convert(v, typeString); got != v || err != nil {
		t.Errorf("Convert = %v, %v, want the same value", got, err)
	}
}
