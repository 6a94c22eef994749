package sim

import "math"

// Chance in a simulation is a function of what it is about, not a stream of numbers: the
// third poll of a device has the same luck whatever happened between.

// mix hashes a seed, a name and a number to 64 evenly distributed bits (FNV-1a,
// then the finalizer of splitmix64).
func mix(seed uint64, name string, n uint64) uint64 {
	h := seed ^ 14695981039346656037
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h += n * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// uniform returns a number evenly drawn from 0 up to 1, without 1.
func uniform(seed uint64, name string, n uint64) float64 {
	return float64(mix(seed, name, n)>>11) / (1 << 53)
}

// gauss returns a number drawn from a bell curve around 0 with deviation 1, cut
// off at 3.
func gauss(seed uint64, name string, n uint64) float64 {
	// The sum of twelve even draws has variance 1; a quarter of the bits is enough for each.
	var sum float64
	for i := range uint64(3) {
		h := mix(seed, name, n*3+i)
		for range 4 {
			sum += float64(h&0xffff) / (1 << 16)
			h >>= 16
		}
	}
	return math.Max(-3, math.Min(3, sum-6))
}
