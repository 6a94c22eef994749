package scale_test

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors/drivers/scale"
)

// TestToTheLastDigit: what the digits say is what comes of it.
func TestToTheLastDigit(t *testing.T) {
	for _, test := range []struct {
		factor, offset, raw, want float64
	}{
		{0.1, 0, 499, 49.9}, {0.1, 0, -499, -49.9}, {0.1, 0, 3, 0.3}, {0.01, 0, 12345, 123.45}, {0.001, 0, 4294967295, 4294967.295},
		{-0.1, 0, 499, -49.9}, {0.1, -40, 499, 9.9}, {0.1, -273.1, 2931, 20}, {0.01, 0.5, 7, 0.57}, {0.5, 0, 3, 1.5}, {0.2, 0, 7, 1.4},
		{0.05, 0, 3, 0.15}, {0.004, 0, 1001, 4.004}, {1, 0, 7, 7}, {1, -40, 7, -33}, {1e-6, 0, 1234567, 1.234567}, {1.0 / 3, 0, 7, 7.0 / 3},
	} {
		s := scale.New(test.factor, test.offset)
		if got := s.Value(test.raw); got != test.want {
			t.Errorf("%v of scale %v and offset %v is %v, want %v", test.raw, test.factor, test.offset, got, test.want)
		}
		if got := math.Round(s.Raw(test.want)); got != test.raw {
			t.Errorf("%v of scale %v and offset %v is written as %v, want %v", test.want, test.factor, test.offset, got, test.raw)
		}
	}
}

// TestOtherFactors: with no other factor anything changes.
func TestOtherFactors(t *testing.T) {
	for _, factor := range []float64{2, 10, 1.5, 0.3, 0.7, 1.1, 0.09999999999999, 0.3333333, 1e-300, 5e-324, 1e300, -2, math.Pi} {
		for _, offset := range []float64{0, -40, 0.3} {
			s := scale.New(factor, offset)
			for _, x := range []float64{0, 1, 499, -7, 0.25, 1e300, math.MaxFloat64} {
				if got, want := s.Value(x), x*factor+offset; got != want && !math.IsNaN(want) {
					t.Errorf("%v of scale %v and offset %v is %v, want %v", x, factor, offset, got, want)
				}
				if got, want := s.Raw(x), (x-offset)/factor; got != want && !math.IsNaN(want) {
					t.Errorf("%v of scale %v and offset %v is written as %v, want %v", x, factor, offset, got, want)
				}
			}
		}
	}
}

func TestPlain(t *testing.T) {
	for factor, plain := range map[float64]bool{1: true, 2: false, 0.1: false, -1: false} {
		if scale.New(factor, 0).Plain() != plain || scale.New(factor, 1).Plain() || scale.New(factor, 0.3).Plain() {
			t.Errorf("scale %v changes nothing: %v", factor, !plain)
		}
	}
}

// TestThereAndBack: a whole number with a scale in digits is the value that the digits say, and is written as itself.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.Int64Range(-1<<50, 1<<50).Draw(t, "raw")
		shift := rapid.Int64Range(-1<<32, 1<<32).Draw(t, "offset")
		digits := rapid.IntRange(0, 9).Draw(t, "digits")
		in := func(n int64) float64 { // n with a point before the last digits, as anybody would write it
			x, err := strconv.ParseFloat(strconv.FormatInt(n, 10)+"e-"+strconv.Itoa(digits), 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		s := scale.New(in(1), in(shift))
		if got := s.Value(float64(raw)); got != in(raw+shift) {
			t.Errorf("%d is %v, want %v", raw, got, in(raw+shift))
		}
		if got := math.Round(s.Raw(in(raw + shift))); got != float64(raw) {
			t.Errorf("%d comes back as %v", raw, got)
		}
	})
}

// TestAnyWholeDivisor: likewise where the digits do not end, as with a third.
func TestAnyWholeDivisor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw, per := float64(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "raw")), float64(rapid.Int64Range(1, 1<<20).Draw(t, "per"))
		s := scale.New(1/per, 0)
		if got := s.Value(raw); got != raw/per {
			t.Errorf("%v is %v, want %v", raw, got, raw/per)
		}
		if got := math.Round(s.Raw(s.Value(raw))); got != raw {
			t.Errorf("%v comes back as %v", raw, got)
		}
	})
}
