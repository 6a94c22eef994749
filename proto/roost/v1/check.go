package roostv1

// CheckReading tells what a sampled value is worth in the eyes of the profile:
//
//   - the value in the resource's type, GOOD;
//   - the same, UNCERTAIN and OUT_OF_RANGE, where it lies outside of the limits or is
//     none of the options: what the device said is kept;
//   - no value, BAD and DECODE_ERROR, where there is none or it cannot be of that
//     type (see [Convert]).
//
// It allocates only where it converts. r and v are not changed; the value returned
// may be v.
func CheckReading(r *Resource, v *Value) (converted *Value, quality Quality, reason QualityReason) {
	b := r.bounds()
	converted, flaw := convert(v, b.kind)
	if flaw != flawNone {
		return nil, Quality_QUALITY_BAD, QualityReason_QUALITY_REASON_DECODE_ERROR
	}
	if b.breach(converted) != breachNone {
		return converted, Quality_QUALITY_UNCERTAIN, QualityReason_QUALITY_REASON_OUT_OF_RANGE
	}
	return converted, Quality_QUALITY_GOOD, QualityReason_QUALITY_REASON_UNSPECIFIED
}

// ReadingProblem says for people why [CheckReading] finds a value not GOOD, as "9000 1/min is above the maximum 3000"; empty
// if it is.
func ReadingProblem(r *Resource, v *Value) string {
	b := r.bounds()
	if _, err := b.admit(v); err != nil {
		return StatusOf(err).GetMessage()
	}
	return ""
}
