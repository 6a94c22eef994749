package roostv1_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	typeBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	typeInt    = roostv1.ValueType_VALUE_TYPE_INT
	typeUint   = roostv1.ValueType_VALUE_TYPE_UINT
	typeDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	typeString = roostv1.ValueType_VALUE_TYPE_STRING
	typeBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
	typeNone   = roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
)

func TestFormat(t *testing.T) {
	tests := []struct {
		value *roostv1.Value
		want  string
	}{
		{nil, "-"},
		{&roostv1.Value{}, "-"},
		{roostv1.Bool(true), "true"},
		{roostv1.Bool(false), "false"},
		{roostv1.Int(math.MinInt64), "-9223372036854775808"},
		{roostv1.Uint(math.MaxUint64), "18446744073709551615"},
		{roostv1.Double(0), "0"},
		{roostv1.Double(0.1), "0.1"},
		{roostv1.Double(900), "900"},
		{roostv1.Double(1e6), "1000000"},
		{roostv1.Double(-1.5e14), "-150000000000000"},
		{roostv1.Double(1e15), "1e+15"},
		{roostv1.Double(0.0001), "0.0001"},
		{roostv1.Double(0.00001), "1e-05"},
		{roostv1.Double(math.Inf(-1)), "-Inf"},
		{roostv1.Double(math.NaN()), "NaN"},
		{roostv1.Text("auto"), "auto"},
		{roostv1.Text("grün"), "grün"},
		{roostv1.Text(""), `""`},
		{roostv1.Text("-"), `"-"`},
		{roostv1.Text("two words"), `"two words"`},
		{roostv1.Text(`a"b`), `"a\"b"`},
		{roostv1.Text("a=b"), `"a=b"`},
		{roostv1.Text("\x1b[31mred"), `"\x1b[31mred"`},
		{roostv1.Text("\u202etfel"), `"\u202etfel"`},
		{roostv1.Text("\xff"), `"\xff"`},
		{roostv1.Bytes(nil), "0x"},
		{roostv1.Bytes([]byte{0, 0xab}), "0x00ab"},
		{roostv1.Bytes(make([]byte, 33)), "0x" + strings.Repeat("00", 32) + "... (33 bytes)"},
	}
	for _, test := range tests {
		if got := test.value.Format(); got != test.want {
			t.Errorf("Format(%v) = %s, want %s", test.value, got, test.want)
		}
	}
}

func TestTypeAndNumber(t *testing.T) {
	tests := []struct {
		value  *roostv1.Value
		kind   roostv1.ValueType
		number float64
		ok     bool
	}{
		{nil, typeNone, 0, false},
		{&roostv1.Value{}, typeNone, 0, false},
		{roostv1.Bool(true), typeBool, 0, false},
		{roostv1.Int(-3), typeInt, -3, true},
		{roostv1.Uint(3), typeUint, 3, true},
		{roostv1.Double(0.5), typeDouble, 0.5, true},
		{roostv1.Text("1"), typeString, 0, false},
		{roostv1.Bytes([]byte{1}), typeBytes, 0, false},
	}
	for _, test := range tests {
		if got := test.value.Type(); got != test.kind {
			t.Errorf("(%v).Type() = %v, want %v", test.value, got, test.kind)
		}
		if got, ok := test.value.Number(); got != test.number || ok != test.ok {
			t.Errorf("(%v).Number() = %v, %v, want %v, %v", test.value, got, ok, test.number, test.ok)
		}
	}
}

func TestEqualValues(t *testing.T) {
	tests := []struct {
		a, b *roostv1.Value
		want bool
	}{
		{nil, nil, true},
		{nil, &roostv1.Value{}, true},
		{nil, roostv1.Bool(false), false},
		{nil, roostv1.Int(0), false},
		{nil, roostv1.Text(""), false},
		{nil, roostv1.Bytes(nil), false},
		{roostv1.Bool(true), roostv1.Bool(true), true},
		{roostv1.Bool(true), roostv1.Int(1), false},
		{roostv1.Bool(false), roostv1.Double(0), false},
		{roostv1.Text("a"), roostv1.Text("a"), true},
		{roostv1.Text("a"), roostv1.Text("b"), false},
		{roostv1.Text("a"), roostv1.Bytes([]byte("a")), false},
		{roostv1.Bytes([]byte("a")), roostv1.Bytes([]byte("a")), true},
		{roostv1.Bytes(nil), roostv1.Bytes([]byte{}), true},
		{roostv1.Int(5), roostv1.Uint(5), true},
		{roostv1.Int(5), roostv1.Double(5), true},
		{roostv1.Int(-1), roostv1.Uint(math.MaxUint64), false},
		{roostv1.Int(math.MaxInt64), roostv1.Double(math.MaxInt64), false}, // the double is 2^63
		{roostv1.Int(math.MinInt64), roostv1.Double(math.MinInt64), true},
		{roostv1.Uint(1<<53 + 1), roostv1.Double(1 << 53), false},
		{roostv1.Double(0), roostv1.Double(math.Copysign(0, -1)), true},
		{roostv1.Double(math.NaN()), roostv1.Double(math.NaN()), false},
		{roostv1.Double(math.NaN()), roostv1.Int(0), false},
		{roostv1.Double(math.Inf(1)), roostv1.Uint(math.MaxUint64), false},
	}
	for _, test := range tests {
		if got := roostv1.EqualValues(test.a, test.b); got != test.want {
			t.Errorf("EqualValues(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
		if got := roostv1.EqualValues(test.b, test.a); got != test.want {
			t.Errorf("EqualValues(%v, %v) = %v, want %v", test.b, test.a, got, test.want)
		}
	}
}

// drawNumber draws numbers of every kind, and often ones that sit on the edge
// between two of them.
func drawNumber(t *rapid.T, label string) *roostv1.Value {
	edges := []float64{0, 1, -1, 0.5, 1 << 53, 1<<53 + 2, -1 << 53, 1 << 63, -1 << 63, 1 << 64, math.MaxFloat64, math.SmallestNonzeroFloat64}
	near := rapid.SampledFrom(edges).Draw(t, label+" edge")
	switch rapid.IntRange(0, 4).Draw(t, label+" kind") {
	case 0:
		return roostv1.Int(rapid.Int64().Draw(t, label))
	case 1:
		return roostv1.Uint(rapid.Uint64().Draw(t, label))
	case 2:
		return roostv1.Double(rapid.Float64().Draw(t, label))
	case 3:
		return roostv1.Double(near)
	default:
		n, _ := big.NewFloat(near).Int(nil)
		n.Add(n, big.NewInt(rapid.Int64Range(-2, 2).Draw(t, label+" step")))
		switch {
		case n.IsInt64():
			return roostv1.Int(n.Int64())
		case n.IsUint64():
			return roostv1.Uint(n.Uint64())
		default:
			return roostv1.Double(near)
		}
	}
}

// exact returns a finite number as it is, with all of its digits.
func exact(v *roostv1.Value) *big.Float {
	n := new(big.Float).SetPrec(2000)
	switch v.Type() {
	case typeInt:
		return n.SetInt64(v.GetInt())
	case typeUint:
		return n.SetUint64(v.GetUint())
	default:
		return n.SetFloat64(v.GetDouble())
	}
}

func TestEqualValuesComparesExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumber(t, "a"), drawNumber(t, "b")
		want := exact(a).Cmp(exact(b)) == 0
		if got := roostv1.EqualValues(a, b); got != want {
			t.Fatalf("EqualValues(%v, %v) = %v, want %v", a, b, got, want)
		}
	})
}
