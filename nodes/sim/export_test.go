package sim

// BreakLog makes every further write to the log fail.
func (h *Hardware) BreakLog() error { return h.truth.file.Close() }
