//go:build failpoints

package failpoint

// Missing is why gateways of this program cannot be stopped at points; empty: they can.
const Missing = ""
