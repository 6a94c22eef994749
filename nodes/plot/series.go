package plot

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Series is a value over time. The zero Series is empty.
type Series struct {
	// Hold is how long a value is taken to last when none comes after it; 0: three times as long
	// as is usual between two values.
	Hold time.Duration

	points []point
}

// point is one value; NaN ends the value before it.
type point struct {
	at    int64 // microseconds since 1970
	value float64
}

// Add adds a value. What is not finite counts as Break.
func (s *Series) Add(at time.Time, value float64) {
	if math.IsInf(value, 0) {
		value = math.NaN()
	}
	s.points = append(s.points, point{at.UnixMicro(), value})
}

// Break says that from here on the value is not known.
func (s *Series) Break(at time.Time) { s.Add(at, math.NaN()) }

// Summary is what can be said of a series in a line.
type Summary struct {
	Count             int // of values
	Least, Most, Mean float64
	First, Last       time.Time // when there was a value
}

// Flat reports whether the value never changed.
func (s Summary) Flat() bool { return s.Least == s.Most }

// Summary sums the series up. All but Count is 0 where there is no value.
func (s *Series) Summary() Summary {
	var sum Summary
	total := 0.0
	for _, p := range s.sorted() {
		if math.IsNaN(p.value) {
			continue
		}
		at := time.UnixMicro(p.at)
		if sum.Count++; sum.Count == 1 {
			sum.First, sum.Least, sum.Most = at, p.value, p.value
		}
		sum.Least, sum.Most = min(sum.Least, p.value), max(sum.Most, p.value)
		sum.Last = at
		total += p.value
	}
	if sum.Count > 0 {
		sum.Mean = total / float64(sum.Count)
	}
	return sum
}

// sorted puts the points in the order of time: what was stored later may be older.
func (s *Series) sorted() []point {
	byTime := func(a, b point) int { return cmp.Compare(a.at, b.at) }
	if !slices.IsSortedFunc(s.points, byTime) {
		slices.SortStableFunc(s.points, byTime)
	}
	return s.points
}

// Columns divides the time from the first value to the last into n spans and returns the value
// of each; NaN where there is none.
func (s *Series) Columns(n int) []float64 {
	points := s.sorted()
	if len(points) == 0 || n < 1 {
		return nil
	}
	first, last := points[0].at, points[len(points)-1].at
	hold := s.hold()
	columns := make([]float64, n)
	next, held := 0, point{first, math.NaN()}
	for i := range columns {
		// In floats, since a span of time times a number of columns could overflow.
		end := first + int64(float64(last-first)*(float64(i+1)/float64(n)))
		if i == n-1 {
			end = last
		}
		total, count := 0.0, 0
		for ; next < len(points) && points[next].at <= end; next++ {
			if held = points[next]; !math.IsNaN(held.value) {
				total, count = total+held.value, count+1
			}
		}
		switch {
		case count > 0:
			columns[i] = total / float64(count)
		case end-held.at <= hold:
			columns[i] = held.value
		default:
			columns[i] = math.NaN()
		}
	}
	return columns
}

// hold is Hold in microseconds, or what stands in for it.
func (s *Series) hold() int64 {
	if s.Hold > 0 {
		return s.Hold.Microseconds()
	}
	var between []int64
	for i := 1; i < len(s.points); i++ {
		if d := s.points[i].at - s.points[i-1].at; d > 0 {
			between = append(between, d)
		}
	}
	if len(between) == 0 {
		return 0
	}
	slices.Sort(between)
	return 3 * between[len(between)/2]
}
