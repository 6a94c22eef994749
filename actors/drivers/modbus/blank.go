package modbus

import roostv1 "github.com/roost-iot/roost/proto/roost/v1"

// blanks are values that are yet to be filled. They are made several at once, each together with its kind: one piece of memory for a
// dozen registers instead of two for each. The zero value has room for none in advance, and still gives them.
type blanks struct {
	bools   slab[roostv1.Value_Bool]
	ints    slab[roostv1.Value_Int]
	uints   slab[roostv1.Value_Uint]
	doubles slab[roostv1.Value_Double]
}

// slabCells is how many values are made at once at most. A value that somebody keeps keeps the others of its slab, which is 64 bytes for each.
const slabCells = 8

// slab gives cells one by one, and makes no more at once than are wanted.
type slab[K any] struct {
	wanted int
	free   []cell[K]
}

type cell[K any] struct {
	value roostv1.Value
	kind  K
}

func (s *slab[K]) next() *cell[K] {
	if len(s.free) == 0 {
		s.free = make([]cell[K], max(1, min(s.wanted, slabCells)))
		s.wanted -= len(s.free)
	}
	c := &s.free[0]
	s.free = s.free[1:]
	return c
}

// reserve says that one more value of a kind is going to be asked for.
func (b *blanks) reserve(t roostv1.ValueType) {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		b.bools.wanted++
	case roostv1.ValueType_VALUE_TYPE_INT:
		b.ints.wanted++
	case roostv1.ValueType_VALUE_TYPE_UINT:
		b.uints.wanted++
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		b.doubles.wanted++
	}
}

// of returns a value of a kind, which is zero. Of text and bytes there are none: it is nil.
func (b *blanks) of(t roostv1.ValueType) *roostv1.Value {
	switch t {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		c := b.bools.next()
		c.value.Kind = &c.kind
		return &c.value
	case roostv1.ValueType_VALUE_TYPE_INT:
		c := b.ints.next()
		c.value.Kind = &c.kind
		return &c.value
	case roostv1.ValueType_VALUE_TYPE_UINT:
		c := b.uints.next()
		c.value.Kind = &c.kind
		return &c.value
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		c := b.doubles.next()
		c.value.Kind = &c.kind
		return &c.value
	}
	return nil
}
