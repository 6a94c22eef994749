package run

import "errors"

// ErrLeft: not all of this machine that was taken for a run could be given back.
var ErrLeft = errors.New("not all was undone")

// leftOver has it count that not all was undone. A broken promise counts more.
func (r *Report) leftOver(left error) {
	switch {
	case left == nil || r.Exit == ExitViolated || r.Exit == ExitSetup: // that error tells it
		return
	case r.Exit == ExitInterrupted:
		r.Reason = "it was interrupted; " + left.Error()
	default:
		r.Verdict, r.Reason = VerdictError, left.Error()
	}
	r.Exit = ExitSetup
}
