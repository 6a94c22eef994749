package answer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errDoubt is why the outcome of a command is unknown that may have been answered.
var errDoubt = errors.New("an answer came, and it may be that to an earlier command, which is owed yet")

// Answer is what came while a command waited.
type Answer struct {
	text string
	sure bool // it is the command's
}

// Results is what the answer makes of a command: the result "response", or ErrRefused if it is the word for that; empty: there is none. The
// outcome is unknown if the answer may be another command's.
func (a Answer) Results(refused string) (map[string]*roostv1.Value, error) {
	switch {
	case !a.sure:
		return nil, errDoubt
	case refused != "" && strings.TrimSpace(a.text) == refused:
		return nil, fmt.Errorf("%w: it answered %q", actors.ErrRefused, refused)
	}
	return map[string]*roostv1.Value{"response": roostv1.Text(strings.ToValidUTF8(a.text, "\uFFFD"))}, nil
}
