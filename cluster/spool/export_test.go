package spool

// SyncAlways reports whether the embedded server of a spool syncs each message before it acknowledges it.
func SyncAlways(c Config) bool { return options(c, "").SyncAlways }
