package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// Stream returns the chance that belongs to a label under a seed. Streams of two labels have nothing to do
// with each other.
func Stream(seed uint64, label string) *rand.Rand {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, seed), label...))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// between returns a time from least to most, in whole milliseconds.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(r.Int64N(int64((most-least)/time.Millisecond)+1))*time.Millisecond
}

// pick returns one of several.
func pick[T any](r *rand.Rand, some []T) T { return some[r.IntN(len(some))] }
