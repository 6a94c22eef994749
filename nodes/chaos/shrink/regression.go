package shrink

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"text/template"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Test is a regression test that runs a plan.
type Test struct {
	Plan *plan.Plan
	// Checker that is violated, such as C4.
	Checker string
	// Env is what the processes are given beside the usual.
	Env []string
	// Tries is how many runs it makes, each of which must keep the promise.
	Tries int
}

//go:embed regression.tmpl
var regression string

var sources = template.Must(template.New("regression").Parse(regression))

// Source is the Go source of the test. It reads plan.json beside it.
func (t Test) Source() []byte {
	var out bytes.Buffer
	err := sources.Execute(&out, t)
	source, err2 := format.Source(out.Bytes())
	if err != nil || err2 != nil {
		panic(fmt.Sprintf("the regression test cannot be written: %v, %v", err, err2)) // it is the same for every plan
	}
	return source
}
