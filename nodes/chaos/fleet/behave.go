package fleet

import (
	"encoding/json"
	"fmt"

	"github.com/roost-iot/roost/nodes/sim"
)

// Behave has a device behave so. That it does is in the hardware's log.
func (f *Fleet) Behave(device string, b sim.Behaviour) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return f.hardware.Tell(fmt.Sprintf("behave %s %s", device, text))
}
