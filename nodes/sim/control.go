package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNotOrder: a line is no order that hardware obeys.
var ErrNotOrder = errors.New("not an order")

// Obey reads orders, a line each, until there are no more, and carries them out. There is one:
//
//	behave rig-1 {"before":1000000000,"loseAck":0.5}
//
// with the JSON of a Behaviour. What cannot be obeyed is told to complain, and reading goes on. It begins when the
// hardware runs, and reads nothing before.
func (h *Hardware) Obey(in io.Reader, complain func(error)) {
	<-h.started
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := h.obey(lines.Text()); err != nil {
			complain(err)
		}
	}
}

func (h *Hardware) obey(line string) error {
	words := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(words) != 3 || words[0] != "behave" {
		return fmt.Errorf("%w: %.80q: it must be such as behave rig-1 {\"decline\":0.5}", ErrNotOrder, line)
	}
	decoder := json.NewDecoder(strings.NewReader(words[2]))
	decoder.DisallowUnknownFields()
	var b Behaviour
	if err := decoder.Decode(&b); err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrNotOrder, line, err)
	}
	return h.Behave(words[1], b)
}
