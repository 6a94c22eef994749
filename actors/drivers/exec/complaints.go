package exec

import (
	"bufio"
	"io"
	"log/slog"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

const (
	// logRate is how many lines of a program are logged a second, and logBurst how many at once.
	logRate, logBurst = 10, 50
	// maxComplaint is how much is kept of a line, in bytes.
	maxComplaint = 2048
)

// complaints is what a program writes to its standard error.
type complaints struct {
	log  *slog.Logger
	veil keys.Veil
	over chan struct{} // closed when there are no more

	mu   sync.Mutex
	last string
}

// read logs the lines until there are no more. Of a long line the rest is left out, of many lines some.
func (c *complaints) read(from io.Reader) {
	in, budget, dropped := bufio.NewReaderSize(from, maxComplaint), rate.NewLimiter(logRate, logBurst), 0
	tell := func() {
		if dropped > 0 {
			c.log.Warn("program wrote more than is logged", "lines", dropped)
			dropped = 0
		}
	}
	defer close(c.over)
	defer tell()
	for {
		line, err := nextLine(in)
		if line != "" {
			line = c.veil.Show(line, maxShown)
			c.keep(line)
			if budget.Allow() {
				tell()
				c.log.Warn("program wrote", "line", line)
			} else {
				dropped++
			}
		}
		if err != nil {
			return
		}
	}
}

// nextLine reads a line, and what of it the reader holds.
func nextLine(in *bufio.Reader) (string, error) {
	part, more, err := in.ReadLine()
	line := strings.TrimSpace(string(part))
	for more && err == nil {
		_, more, err = in.ReadLine()
	}
	return line, err
}

func (c *complaints) keep(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = line
}

// lastLine is what the program complained of last.
func (c *complaints) lastLine() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}
