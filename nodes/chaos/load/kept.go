package load

import (
	"context"
	"errors"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/control"
)

// keptAgain is how long after a gateway has hung up it is asked again.
const keptAgain = 100 * time.Millisecond

// Kept writes down what a gateway says to those on its machine that it has stored, until ctx ends: from then on the
// gateway must bring it to the hub, whatever becomes of its process. Where the gateway has no control socket, nothing is
// written.
func Kept(ctx context.Context, gateway, folder string, to *history.Writer) error {
	client := control.NewClient(folder)
	for {
		for b, err := range client.Readings(ctx, control.ReadingsQuery{Follow: true}) {
			var lost *control.Lost // it shows less than it has
			if errors.As(err, &lost) {
				continue
			}
			if err != nil {
				break
			}
			if err := to.Write(&history.Acked{Device: b.DeviceId, Epoch: b.Epoch, First: b.FirstSequence, Readings: uint64(len(b.Readings)), By: gateway}); err != nil {
				return err
			}
		}
		timer := time.NewTimer(keptAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}
