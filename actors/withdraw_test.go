package actors_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A bus that was cut off before it had heard its name ended namelessly, and was waited for without end.
func TestBusThatIsCutOffAtOnceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for i := range 300 {
			id := fmt.Sprintf("boiler-%d", i)
			a := &roostv1.Assignment{Bus: id, Epoch: 7, Devices: []*roostv1.DeviceSpec{device(id)}, Profiles: []*roostv1.Profile{boiler()}}
			if err := b.Assign(ctx, a); err != nil {
				t.Fatal(err)
			}
			_ = b.Withdraw(ended, id)
		}
		for i := range 300 {
			if err := b.Withdraw(ctx, fmt.Sprintf("boiler-%d", i)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
