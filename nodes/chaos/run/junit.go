package run

import (
	"encoding/xml"
	"os"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     float64     `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
	Error   *junitText `xml:"error,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit does: a test for each checker. A run that could not be made is one
// test with an error.
func (r *Report) WriteJUnit(path string) error {
	name := "chaos/" + r.Scenario
	suite := junitSuite{Name: name, Time: r.TookMS / 1000}
	for _, c := range r.Checkers {
		one := junitCase{Class: name, Name: c.ID + " " + c.Name}
		switch c.Verdict {
		case check.Violated:
			suite.Failures++
			var lines []string
			for _, v := range c.Violations {
				lines = append(lines, v.String())
			}
			one.Failure = &junitText{Message: r.Repro, Text: strings.Join(lines, "\n")}
		case check.Unknown:
			suite.Skipped++
			one.Skipped = &junitText{Message: c.Reason}
		}
		suite.Cases = append(suite.Cases, one)
	}
	if len(r.Checkers) == 0 {
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{Class: name, Name: "run", Error: &junitText{Message: r.Reason}})
	}
	suite.Tests = len(suite.Cases)
	text, err := xml.MarshalIndent(suite, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
