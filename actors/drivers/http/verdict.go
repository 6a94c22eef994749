package httpdev

import (
	"errors"
	"fmt"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
)

// verdicts are for devices that answer every write with 200, and say in the body what became of it.
type verdicts struct {
	done    *payload.Path // selects something where it was done; nil: no matter
	refused *payload.Path // selects something where it was refused; nil: no matter
}

func parseVerdicts(k *keys.Keys) verdicts {
	return verdicts{done: payload.ParsePath(k, "done_json"), refused: payload.ParsePath(k, "refused_json")}
}

// given tells whether the body says anything.
func (v verdicts) given() bool { return v.done != nil || v.refused != nil }

// outcome is what the body of an answer says whose status says that a write was done.
func (v verdicts) outcome(body []byte) error {
	document := payload.Of(body)
	refused, err := v.refused.Selects(document)
	if err != nil {
		return fmt.Errorf("its body does not say what became of the write: %w", err)
	}
	if refused {
		return fmt.Errorf("%w: refused_json selects something in it", actors.ErrRefused)
	}
	done, err := v.done.Selects(document)
	switch {
	case err != nil:
		return fmt.Errorf("its body does not say what became of the write: %w", err)
	case !done && v.done != nil:
		return errors.New("done_json selects nothing in it")
	}
	return nil
}
