// Package scale turns numbers as devices have them into values: times a factor, plus an offset, and back.
//
// Where one divided by the factor is a whole number, as with 0.1, a number is divided by that: 499 is 49.9, and not 49.900000000000006, since 0.1
// is itself not quite a tenth. If the offset has no more digits than that, it comes in before the division, with the same gain. All other
// factors are multiplied with.
//
// What is promised: of whole numbers below 2^50, and factors and offsets as just said, [Scale.Value] is the double that is nearest to the exact
// result, as if it were written in digits; and [Scale.Raw], rounded, leads back.
package scale

import "math"

// Scale is a factor and an offset. The zero value is of no use: what is made with [New] is.
type Scale struct {
	factor, offset float64
	per            float64 // 1/factor, if that is a whole number; else 0
	shift          float64 // offset in raw units, if that is a whole number; else 0
}

// mostWhole is up to where all whole numbers are doubles.
const mostWhole = 1 << 53

// New returns a scale. The factor is not 0.
func New(factor, offset float64) Scale {
	s := Scale{factor: factor, offset: offset}
	per := math.Round(1 / factor)
	if math.Abs(per) > mostWhole || 1/per != factor {
		return s
	}
	s.per = per
	if shift := math.Round(offset * per); math.Abs(shift) <= mostWhole && shift/per == offset {
		s.offset, s.shift = 0, shift
	}
	return s
}

// Plain reports whether it changes nothing.
func (s Scale) Plain() bool { return s.factor == 1 && s.offset == 0 && s.shift == 0 }

// Value returns what a device's number is. It may be infinite, or none.
func (s Scale) Value(raw float64) float64 {
	if s.per != 0 {
		return (raw+s.shift)/s.per + s.offset
	}
	return raw*s.factor + s.offset
}

// Raw returns the device's number of a value, not rounded. It may be infinite.
func (s Scale) Raw(value float64) float64 {
	if s.per != 0 {
		return (value-s.offset)*s.per - s.shift
	}
	return (value - s.offset) / s.factor
}
