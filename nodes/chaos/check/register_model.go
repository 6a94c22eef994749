package check

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// stepInput and stepOutput are an operation, as porcupine is told it.
type stepInput struct {
	write  bool
	expect uint64
	blind  bool // whatever was there, it is replaced
	sure   bool // else it may not have been done at all
}

type stepOutput struct {
	value    string
	revision uint64 // 0: of a write whose revision nobody knows
	refused  bool
}

// cell is what a register holds. Before the first operation it may hold anything. Revisions only grow; 0 is that of what was
// never written.
type cell struct {
	known    bool
	value    string
	revision uint64
	above    bool // its revision is not known, but it is above this one
}

// has reports whether it may have a revision.
func (c cell) has(revision uint64) bool {
	switch {
	case !c.known:
		return true
	case c.above:
		return revision > c.revision
	default:
		return c.revision == revision
	}
}

// before reports whether a write may have got a revision, when it replaced this: revisions only grow. 0: it is not known.
func (c cell) before(revision uint64) bool {
	return revision == 0 || !c.known || revision > c.revision
}

// written returns what it holds after a write that may be done.
func (c cell) written(in stepInput, out stepOutput) cell {
	if out.revision == 0 {
		return cell{known: true, value: out.value, revision: max(in.expect, c.revision), above: true}
	}
	return cell{known: true, value: out.value, revision: out.revision}
}

// registerModel is a register that is changed by compare and set.
func registerModel() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{cell{}} },
		Step: func(state, input, output interface{}) []interface{} {
			return next(state.(cell), input.(stepInput), output.(stepOutput))
		},
		Equal: func(a, b interface{}) bool { return a == b },
		DescribeOperation: func(input, output interface{}) string {
			return describeStep(input.(stepInput), output.(stepOutput))
		},
	}
	return model.ToModel()
}

// next returns what a register may hold after an operation; nothing if it cannot be.
func next(c cell, in stepInput, out stepOutput) []interface{} {
	switch {
	case !in.write && !c.known:
		return []interface{}{cell{known: true, value: out.value, revision: out.revision}}
	case !in.write:
		if c.value == out.value && c.has(out.revision) {
			return []interface{}{cell{known: true, value: out.value, revision: out.revision}}
		}
		return nil
	case out.refused:
		if c.known && !c.above && !in.blind && c.revision == in.expect {
			return nil
		}
		return []interface{}{c}
	}
	var may []interface{}
	if !in.sure {
		may = append(may, c)
	}
	if (in.blind || c.has(in.expect)) && c.before(out.revision) {
		may = append(may, c.written(in, out))
	}
	return may
}

func describeStep(in stepInput, out stepOutput) string {
	switch {
	case !in.write:
		return fmt.Sprintf("read %s at %d", out.value, out.revision)
	case out.refused && in.expect == 0:
		return "write: refused"
	case out.refused:
		return fmt.Sprintf("write over %d: refused", in.expect)
	case in.blind:
		return fmt.Sprintf("write %s: at %d%s", out.value, out.revision, map[bool]string{false: ", unsure"}[in.sure])
	case !in.sure:
		return fmt.Sprintf("write %s over %d: unsure", out.value, in.expect)
	default:
		return fmt.Sprintf("write %s over %d: at %d", out.value, in.expect, out.revision)
	}
}
