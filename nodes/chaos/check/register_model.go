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

// cell is what a register holds. Before the first operation it may hold anything.
type cell struct {
	known    bool
	value    string
	revision uint64 // 0: not known, but it is not one that was there before
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
	fits := func(revision uint64) bool { return !c.known || c.revision == 0 || c.revision == revision }
	switch {
	case !in.write && !c.known:
		return []interface{}{cell{true, out.value, out.revision}}
	case !in.write:
		if c.value == out.value && fits(out.revision) {
			return []interface{}{cell{true, out.value, out.revision}}
		}
		return nil
	case out.refused:
		if c.known && c.revision == in.expect && c.revision != 0 {
			return nil
		}
		return []interface{}{c}
	}
	var may []interface{}
	if !in.sure {
		may = append(may, c)
	}
	if in.blind || fits(in.expect) {
		may = append(may, cell{true, out.value, out.revision})
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
