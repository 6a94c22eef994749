package failpoint

const canSignal = false

// Neither can be armed.
func killSelf() {}

func stopSelf() {}
