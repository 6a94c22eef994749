package run

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Began    string      `xml:"timestamp,attr"`
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

// WriteJUnit writes reports as JUnit does, a suite each: a test for each checker. A run that could not be made is one
// test with an error. A file that is there is replaced by a whole one.
func WriteJUnit(path string, reports ...*Report) error {
	var all junitSuites
	for _, r := range reports {
		all.Suites = append(all.Suites, r.junit())
	}
	text, err := xml.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append([]byte(xml.Header), append(text, '\n')...), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (r *Report) junit() junitSuite {
	name := "chaos/" + r.Scenario
	suite := junitSuite{Name: fmt.Sprintf("%s seed %d", name, r.Seed), Began: r.Began.UTC().Format("2006-01-02T15:04:05"), Time: r.TookMS / 1000}
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
	return suite
}
