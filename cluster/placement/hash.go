package placement

import "math/bits"

// hashOf hashes an id: FNV-1a, whose weak upper bits the mixing makes good. Every gateway must
// get the same, in every version and on every machine.
func hashOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return mix(h)
}

// mix spreads every bit of x over all bits of the result: Stafford's variant 13 of the
// finalizer of MurmurHash3, as in SplitMix64. It is a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fraction is how many bits of a time are behind the point.
const fraction = 40

// wait returns -log2(u) for the number u in (0, 1] that a hash stands for, in units of 2^-fraction.
// It is an exponentially distributed time if u is evenly distributed. A larger hash never waits
// longer. The arithmetic is of integers, so that gateways of different architectures agree:
// math.Log may differ in its last bit between them.
func wait(hash uint64) uint64 {
	hash |= 1 // not zero
	zeros := bits.LeadingZeros64(hash)
	y := hash << zeros // in [1, 2), with 63 bits behind the point
	var log uint64     // log2(y), bit by bit: squaring y doubles its logarithm
	for range fraction {
		hi, lo := bits.Mul64(y, y)
		whole := hi >> 63 // y*y >= 2
		log = log<<1 | whole
		y = hi<<(1-whole) | lo>>63*(1-whole)
	}
	return uint64(zeros+1)<<fraction - log
}

// waitAtLeast returns a little less than wait does, for a fraction of the effort: -log2 is convex, and
// this is its tangent at the end of the octave. It is close where wait is short.
func waitAtLeast(hash uint64) uint64 {
	hash |= 1
	zeros := bits.LeadingZeros64(hash)
	rest := -(hash << zeros) >> (63 - fraction)                // 2 - y
	return uint64(zeros)<<fraction + rest*tangent>>tangentBits // tangent: below 1/(2 ln 2) = 0.7213...
}

const (
	tangent     = 738
	tangentBits = 10
)
