package httpdev

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/theory/jsonpath"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
)

// verdicts are for devices that answer every write with 200, and say in the body what became of it.
type verdicts struct {
	done    *jsonpath.Path // selects something where it was done; nil: no matter
	refused *jsonpath.Path // selects something where it was refused; nil: no matter
}

func parseVerdicts(k *keys.Keys) verdicts {
	return verdicts{done: parsePath(k, "done_json"), refused: parsePath(k, "refused_json")}
}

// parsePath reads a JSONPath; nil if none is given.
func parsePath(k *keys.Keys, key string) *jsonpath.Path {
	text, given := k.Get(key)
	if !given {
		return nil
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		k.Wrong(key, "%q is no JSONPath, such as $.error: %v", text, err)
		return nil
	}
	return path
}

// given tells whether the body says anything.
func (v verdicts) given() bool { return v.done != nil || v.refused != nil }

// outcome is what the body of an answer says whose status says that a write was done.
func (v verdicts) outcome(body []byte) error {
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return fmt.Errorf("its body does not say what became of the write: %w", err)
	}
	refused, err := selects(v.refused, document)
	if err != nil {
		return err
	}
	if refused {
		return fmt.Errorf("%w: refused_json selects something in it", actors.ErrRefused)
	}
	done, err := selects(v.done, document)
	if err == nil && !done && v.done != nil {
		err = errors.New("done_json selects nothing in it")
	}
	return err
}

// selects tells whether a path selects something. A panic of the library is an answer too: filters compare what devices send.
func selects(path *jsonpath.Path, document any) (something bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("select %s: %v", path, r)
		}
	}()
	return path != nil && len(path.Select(document)) > 0, nil
}
