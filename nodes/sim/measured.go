package sim

import "hash/fnv"

// Measured returns what a device measures, in Cel, when it is read for the count-th time in a run
// with that seed: around 20, up and down by 5 in a thousand reads or so, with a tenth of
// noise. Whoever has a value and its count can tell whether the device ever showed it. It is
// computed in whole thousandths, so that it is the same on every machine.
func Measured(seed uint64, device string, count uint64) float64 {
	own := mix(seed ^ idHash(device))
	period := 500 + own%1000
	height := int64((count+own>>32)%period*20_000/period) - 10_000 // a ramp from -10 to 10
	if height < 0 {
		height = -height
	}
	noise := int64(mix(own^count)%201) - 100
	return float64(15_000+height+noise) / 1000
}

// idHash returns a number that an id is known by.
func idHash(device string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(device)) // never fails
	return h.Sum64()
}

// mix returns x with its bits well stirred (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
