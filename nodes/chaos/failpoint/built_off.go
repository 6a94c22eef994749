//go:build !failpoints

package failpoint

// Missing is why gateways of this program cannot be stopped at points; empty: they can.
const Missing = "it needs a program with failpoints: go build -tags failpoints -o roost ./nodes/roost"
