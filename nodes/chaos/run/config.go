package run

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Config says what to run. Plan and Folder are needed.
type Config struct {
	Plan *plan.Plan
	// Folder of the run; it is made, and must not be there.
	Folder string
	// Program is what to start, with arguments that come first; default this program.
	Program []string
	// Env is added to the environment of children, and told in the report: who does the run again needs it.
	Env []string
	// Face is told how it goes; nil: nobody is.
	Face Face
	// Keep leaves the data of the nodes there, also when all held.
	Keep bool
	// Commit and Version name what was tested, for the report.
	Commit, Version string
	// Tags that it was built with, with commas between them.
	Tags string
	// Repro is the command line that does the same again, with all that it takes.
	Repro string
	// Judged is called with the report that was written and the history that it was drawn from, nil if there is none;
	// nil: nobody is told. The history is large, and whoever needs it need not read it again.
	Judged func(*Report, *history.History)
}

// Face is where a run tells how it goes. Its methods are called by one goroutine at a time.
type Face interface {
	// Say tells of something that has happened.
	Say(line string)
	// Status tells how it stands, a few times a second.
	Status(line string)
}

type noFace struct{}

func (noFace) Say(string)    {}
func (noFace) Status(string) {}

// Folder returns the folder of a run that begins now, below another one.
func Folder(below string, p *plan.Plan, now time.Time) string {
	return filepath.Join(below, fmt.Sprintf("%s-%s-%d", now.UTC().Format("20060102T150405"), p.Scenario, p.Seed))
}
