package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// at is a batch with n readings from first, after dropped ones that are declared.
func at(epoch, first uint64, n int, dropped uint64) *roostv1.ReadingBatch {
	b := sampleBatch("d1", epoch, first, n)
	b.DroppedBefore = dropped
	return b
}

func TestCompleteness(t *testing.T) {
	type step struct {
		batch *roostv1.ReadingBatch
		fresh string // "first+readings" of each piece, or empty
		gap   string // "from-to", or empty
	}
	tests := []struct {
		name  string
		start bool
		steps []step
	}{
		{"in order", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 7, 1, 0), "7+1", ""}}},
		{"twice", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 5, 2, 0), "", ""}, {at(1, 7, 1, 0), "7+1", ""}}},
		{"in part", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 6, 3, 0), "7+2", ""}}},
		{"in the middle", false, []step{{at(1, 1, 1, 0), "1+1", ""}, {at(1, 5, 2, 0), "5+2", "2-4"}, {at(1, 9, 1, 0), "9+1", "7-8"}, {at(1, 2, 10, 0), "2+3 7+2 10+2", ""}}},
		{"missing", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 9, 1, 0), "9+1", "7-8"}, {at(1, 10, 1, 0), "10+1", ""}}},
		{"declared", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 9, 1, 2), "9+1", ""}}},
		{"declared in part", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(1, 9, 1, 1), "9+1", "7-7"}}},
		{"comes later", false, []step{{at(1, 1, 1, 0), "1+1", ""}, {at(1, 4, 1, 0), "4+1", "2-3"}, {at(1, 2, 2, 0), "2+2", ""}, {at(1, 2, 2, 0), "", ""}, {at(1, 5, 1, 0), "5+1", ""}}},
		{"next epoch", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(9, 1, 1, 0), "1+1", ""}}},
		{"next epoch begins late", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(9, 3, 1, 0), "3+1", "1-2"}}},
		{"next epoch begins with a declaration", false, []step{{at(1, 5, 2, 0), "5+2", ""}, {at(9, 3, 1, 2), "3+1", ""}}},
		{"old owner is late", false, []step{{at(5, 1, 2, 0), "1+2", ""}, {at(3, 8, 1, 0), "8+1", ""}, {at(3, 8, 1, 0), "", ""}, {at(5, 3, 1, 0), "3+1", ""}}},
		{"from the start", true, []step{{at(1, 5, 2, 0), "5+2", "1-4"}}},
		{"only a declaration", false, []step{{at(1, 1, 1, 0), "1+1", ""}, {at(1, 5, 0, 3), "5+0", ""}, {at(1, 5, 0, 3), "", ""}, {at(1, 5, 1, 0), "5+1", ""}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := cluster.Completeness{FromStart: test.start}
			for i, s := range test.steps {
				fresh, gap := c.Observe(s.batch)
				var pieces []string
				for _, piece := range fresh {
					pieces = append(pieces, fmt.Sprintf("%d+%d", piece.FirstSequence, len(piece.Readings)))
				}
				got, missing := strings.Join(pieces, " "), ""
				if gap != nil {
					missing = fmt.Sprintf("%d-%d", gap.From, gap.To)
				}
				if got != s.fresh || missing != s.gap {
					t.Errorf("step %d: got %q, gap %q; want %q, gap %q", i+1, got, missing, s.fresh, s.gap)
				}
			}
		})
	}
}

// TestCompletenessFindsEverything: in a random series of lost, repeated and declared batches, every
// reading comes through once, and those that are missing are exactly those in the gaps.
func TestCompletenessFindsEverything(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := cluster.Completeness{FromStart: true}
		fresh, missing := map[uint64]int{}, map[uint64]bool{}
		want, lost := map[uint64]bool{}, map[uint64]bool{}
		next := uint64(1)
		var sent []*roostv1.ReadingBatch
		observe := func(b *roostv1.ReadingBatch) {
			got, gap := c.Observe(b)
			for _, piece := range got {
				for i := range piece.Readings {
					fresh[piece.FirstSequence+uint64(i)]++
				}
			}
			if gap != nil {
				for s := gap.From; s <= gap.To; s++ {
					missing[s] = true
				}
			}
		}
		for range 30 {
			dropped := uint64(random.IntN(3))
			b := at(1, next+dropped, 1+random.IntN(4), dropped)
			next = b.FirstSequence + uint64(len(b.Readings))
			switch random.IntN(4) {
			case 0: // lost, with its declaration
				for s := b.FirstSequence - dropped; s < next; s++ {
					lost[s] = true
				}
				continue
			case 1:
				if len(sent) > 0 {
					observe(sent[random.IntN(len(sent))])
				}
			}
			sent = append(sent, b)
			observe(b)
			for s := b.FirstSequence; s < next; s++ {
				want[s] = true
			}
		}
		observe(at(1, next, 1, 0))
		want[next] = true
		for s := range want {
			if fresh[s] != 1 {
				t.Errorf("seed %d: reading %d came %d times", seed, s, fresh[s])
			}
		}
		if len(fresh) != len(want) || fmt.Sprint(missing) != fmt.Sprint(lost) {
			t.Errorf("seed %d: %d readings, want %d; missing %v, want %v", seed, len(fresh), len(want), missing, lost)
		}
	}
}

// TestCompletenessOfManyEpochs: a gateway was killed again and again in one outage, so that its device has an epoch for
// each process, and all of them come late, cut otherwise, and twice. Not one reading comes through twice, and none is left out.
func TestCompletenessOfManyEpochs(t *testing.T) {
	const epochs, readings = 1000, 40
	var c cluster.Completeness
	random := rand.New(rand.NewPCG(7, 7))
	count := map[[2]uint64]int{}
	observe := func(b *roostv1.ReadingBatch) {
		fresh, _ := c.Observe(b)
		for _, piece := range fresh {
			for i := range piece.Readings {
				count[[2]uint64{piece.Epoch, piece.FirstSequence + uint64(i)}]++
			}
		}
	}
	observe(at(2*epochs, 1, 3, 0)) // live, of the last process
	for range 3 {
		for _, epoch := range random.Perm(epochs) {
			for first := uint64(1); first <= readings; {
				n := 1 + random.IntN(8)
				n = min(n, int(readings-first+1))
				observe(at(uint64(epoch), first, n, 0))
				first += uint64(n)
			}
		}
	}
	observe(at(2*epochs, 1, 3, 0))
	if want := epochs*readings + 3; len(count) != want {
		t.Errorf("%d readings came through, want %d", len(count), want)
	}
	for at, n := range count {
		if n != 1 {
			t.Fatalf("reading %d of epoch %d came %d times", at[1], at[0], n)
		}
	}
}

// FuzzCompleteness: whatever sequences batches claim to have, they are compared without a panic,
// and what comes through is a part of what came in.
func FuzzCompleteness(f *testing.F) {
	f.Add(uint64(1), uint64(1), uint64(0), uint8(3), uint64(1), uint64(^uint64(0)), uint64(9), uint8(2))
	f.Add(uint64(1), uint64(0), uint64(5), uint8(0), uint64(2), uint64(4), uint64(0), uint8(200))
	f.Fuzz(func(t *testing.T, epoch1, first1, dropped1 uint64, n1 uint8, epoch2, first2, dropped2 uint64, n2 uint8) {
		var c cluster.Completeness
		for _, b := range []*roostv1.ReadingBatch{
			at(epoch1, first1, int(n1), dropped1), at(epoch2, first2, int(n2), dropped2), at(epoch1, first1, int(n1), dropped1),
		} {
			fresh, _ := c.Observe(b)
			n := 0
			for _, piece := range fresh {
				n += len(piece.Readings)
			}
			if n > len(b.Readings) {
				t.Errorf("%d readings came out of %d", n, len(b.Readings))
			}
		}
	})
}
