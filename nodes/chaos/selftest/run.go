package selftest

import (
	"context"
	"time"

	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// Config says what to try. Mutants and Folder are needed.
type Config struct {
	Mutants []Mutant
	// Seeds is how many of its seeds a mutant has at most; 0: all. Duration takes the place of their own; 0: none does.
	Seeds    int
	Duration time.Duration
	// Folder has a folder of each run; it is made when the first one is.
	Folder string
	// Program is what to start; default this program.
	Program []string
	Face    chaos.Face
	// Version and Commit name what was tested, for the reports.
	Version, Commit string
	// Run makes a run; default chaos.Run.
	Run func(context.Context, chaos.Config) (*chaos.Report, error)
	// Meter begins to measure for how long this process is held up, until what it returns is called; default: it does.
	Meter func() (stop func() time.Duration)
}

// selfTest is one that goes on.
type selfTest struct {
	Config
	clean map[string]bool // what the clean build has been through
	count int             // of runs
}

// Run tries all mutants, each until it is caught, and the clean build with all that they were tried with. The error
// is that it was interrupted, or that a mutant has no plan; the matrix says how far it came.
func Run(ctx context.Context, cfg Config) (*Matrix, error) {
	if cfg.Run == nil {
		cfg.Run = chaos.Run
	}
	if cfg.Meter == nil {
		cfg.Meter = meter
	}
	s := &selfTest{Config: cfg, clean: map[string]bool{}}
	matrix := &Matrix{Rows: []Row{}, Clean: []Try{}}
	for _, m := range cfg.Mutants {
		row, err := s.mutant(ctx, m)
		if err != nil {
			return matrix, err
		}
		matrix.Rows = append(matrix.Rows, row)
		s.Face.Say("MUTANT    " + row.String())
		if err := s.cleanRuns(ctx, m, row, matrix); err != nil {
			return matrix, err
		}
	}
	return matrix, nil
}

// seeds are those that a mutant is tried with.
func (s *selfTest) seeds(m Mutant) []uint64 {
	if s.Seeds > 0 {
		return m.Seeds[:min(s.Seeds, len(m.Seeds))]
	}
	return m.Seeds
}

// mutant tries a mutant until it is caught.
func (s *selfTest) mutant(ctx context.Context, m Mutant) (Row, error) {
	var tries []Try
	for _, seed := range s.seeds(m) {
		p, err := m.Plan(seed, s.Duration)
		if err != nil {
			return Row{}, err
		}
		t, err := s.try(ctx, m.Name, m, p)
		if err != nil {
			return Row{}, err
		}
		tries = append(tries, t)
		if m.catches(t) != "" {
			break
		}
	}
	return Judge(m, tries), nil
}
