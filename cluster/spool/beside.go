package spool

// beside does something in a goroutine of its own, and what it returns in the loop.
func (f *forwarder) beside(work func() (then func() error)) {
	f.aside.Go(func() {
		then := work()
		f.mu.Lock()
		f.thens = append(f.thens, then)
		f.mu.Unlock()
		f.signal()
	})
}

// resume goes on with what was done aside.
func (f *forwarder) resume() error {
	f.mu.Lock()
	thens := f.thens
	f.thens = nil
	f.mu.Unlock()
	for _, then := range thens {
		if err := then(); err != nil {
			return err
		}
	}
	return nil
}
