package fleetfile

import _ "embed"

// ExampleName is what errors and tables call the example.
const ExampleName = "built-in fleet"

//go:embed default.yaml
var example []byte

// Example returns a fleet file to start with, with comments: the machine's own sensors
// and four simulated devices, of which one fails now and then. It needs the
// drivers "host" and "sim", and the profiles that come with them.
func Example() []byte {
	return append([]byte(nil), example...)
}
