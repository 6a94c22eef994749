package roostv1

import (
	"cmp"
	"math"
	"unicode/utf8"
)

// Bounds of the integers as floating point numbers, which they are exactly.
const (
	twoTo63 = 1 << 63
	twoTo64 = 1 << 64
)

// Convert returns v as a value of type t: v itself where it is one already, and a
// new value where a number can stand in for another without losing a digit. A
// number is no BOOL, and text is no number. NaN, infinities, text that is not UTF-8 and
// anything longer than [MaxValue] are refused. The error is ErrInvalid and starts with
// the value: "9000.5 is not a whole number, as an INT must be".
func Convert(v *Value, t ValueType) (*Value, error) {
	converted, flaw := convert(v, t)
	if flaw != flawNone {
		return nil, Errorf(ErrInvalid, "%s", flaw.describe(v, t))
	}
	return converted, nil
}

// convert is Convert for those who count nanoseconds: its error costs nothing.
func convert(v *Value, t ValueType) (*Value, flaw) {
	from := v.Type()
	switch {
	case from == ValueType_VALUE_TYPE_UNSPECIFIED:
		return nil, flawMissing
	case from == t:
		if flaw := inspect(v); flaw != flawNone {
			return nil, flaw
		}
		return v, flawNone
	case !numeric(from) || !numeric(t):
		return nil, flawType
	}
	switch t {
	case ValueType_VALUE_TYPE_INT:
		return toInt(v)
	case ValueType_VALUE_TYPE_UINT:
		return toUint(v)
	default:
		return toDouble(v)
	}
}

// inspect finds what is wrong with a value, whatever type it is meant to have.
func inspect(v *Value) flaw {
	switch k := v.GetKind().(type) {
	case *Value_Double:
		if math.IsNaN(k.Double) || math.IsInf(k.Double, 0) {
			return flawNotFinite
		}
	case *Value_String_:
		if len(k.String_) > MaxValue {
			return flawLong
		}
		if !utf8.ValidString(k.String_) {
			return flawText
		}
	case *Value_Bytes:
		if len(k.Bytes) > MaxValue {
			return flawLong
		}
	case nil:
		return flawMissing
	}
	return flawNone
}

func toInt(v *Value) (*Value, flaw) {
	switch k := v.GetKind().(type) {
	case *Value_Uint:
		if k.Uint > math.MaxInt64 {
			return nil, flawRange
		}
		return Int(int64(k.Uint)), flawNone
	case *Value_Double:
		switch {
		case inspect(v) != flawNone:
			return nil, flawNotFinite
		case math.Trunc(k.Double) != k.Double:
			return nil, flawFraction
		case k.Double < -twoTo63 || k.Double >= twoTo63:
			return nil, flawRange
		}
		return Int(int64(k.Double)), flawNone
	}
	return nil, flawType
}

func toUint(v *Value) (*Value, flaw) {
	switch k := v.GetKind().(type) {
	case *Value_Int:
		if k.Int < 0 {
			return nil, flawNegative
		}
		return Uint(uint64(k.Int)), flawNone
	case *Value_Double:
		switch {
		case inspect(v) != flawNone:
			return nil, flawNotFinite
		case k.Double < 0:
			return nil, flawNegative
		case math.Trunc(k.Double) != k.Double:
			return nil, flawFraction
		case k.Double >= twoTo64:
			return nil, flawRange
		}
		return Uint(uint64(k.Double)), flawNone
	}
	return nil, flawType
}

func toDouble(v *Value) (*Value, flaw) {
	f, _ := v.Number()
	if compareNumber(v, f) != 0 {
		return nil, flawDigits
	}
	return Double(f), flawNone
}

func numeric(t ValueType) bool {
	return t == ValueType_VALUE_TYPE_INT || t == ValueType_VALUE_TYPE_UINT || t == ValueType_VALUE_TYPE_DOUBLE
}

// compareNumber compares a number with f without rounding it. f must not be NaN; a
// NaN in v is less than everything.
func compareNumber(v *Value, f float64) int {
	switch k := v.GetKind().(type) {
	case *Value_Int:
		return compareInt(k.Int, f)
	case *Value_Uint:
		return compareUint(k.Uint, f)
	case *Value_Double:
		return cmp.Compare(k.Double, f)
	}
	return 0
}

func compareInt(i int64, f float64) int {
	switch {
	case f >= twoTo63:
		return -1
	case f < -twoTo63:
		return 1
	}
	whole := math.Trunc(f)
	return cmp.Or(cmp.Compare(i, int64(whole)), cmp.Compare(whole, f))
}

func compareUint(u uint64, f float64) int {
	switch {
	case f >= twoTo64:
		return -1
	case f < 0:
		return 1
	}
	whole := math.Trunc(f)
	return cmp.Or(cmp.Compare(u, uint64(whole)), cmp.Compare(whole, f))
}

// equalNumbers reports whether a and b are numbers, and the same one.
func equalNumbers(a, b *Value) bool {
	if !numeric(a.Type()) || !numeric(b.Type()) {
		return false
	}
	if k, ok := b.GetKind().(*Value_Double); ok {
		return !math.IsNaN(k.Double) && compareNumber(a, k.Double) == 0
	}
	if k, ok := a.GetKind().(*Value_Double); ok {
		return !math.IsNaN(k.Double) && compareNumber(b, k.Double) == 0
	}
	// Both are integers: of different sign, or comparable as either.
	if ai, bi := a.GetInt(), b.GetInt(); ai < 0 || bi < 0 {
		return ai == bi
	}
	return wholeBits(a) == wholeBits(b)
}

// wholeBits returns a non-negative INT or UINT.
func wholeBits(v *Value) uint64 {
	if k, ok := v.GetKind().(*Value_Int); ok {
		return uint64(k.Int)
	}
	return v.GetUint()
}
