package sim_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Two gateways drive the same pump, and the first does not know that it was replaced. A fenced device
// would have refused it; what a dumb one writes down shows it.
func Example() {
	dir, err := os.MkdirTemp("", "sim")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	truth := filepath.Join(dir, "truth.log")
	hardware, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: truth, Devices: []sim.Device{{ID: "pump"}}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, off := context.WithCancel(context.Background())
	defer off()
	ended := make(chan error)
	go func() { ended <- hardware.Run(ctx) }()

	pump := actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "pump", Address: map[string]string{"hardware": hardware.Addr()}},
		Profile: rig.Profile(),
	}
	first, err1 := (&rig.Driver{Gateway: "gw-1"}).Open(ctx, pump)
	second, err2 := (&rig.Driver{Gateway: "gw-2"}).Open(ctx, pump)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	dose := func(s actors.Session, id string, epoch uint64) {
		a := actors.Action{CommandID: id, Resource: "dose", Value: roostv1.Double(5), Epoch: epoch}
		if _, err := s.(actors.Actuator).Actuate(ctx, a); err != nil {
			log.Fatal(err)
		}
	}
	dose(first, "c-1", 41)
	dose(second, "c-2", 42)
	dose(first, "c-3", 41)
	if err := errors.Join(first.Close(ctx), second.Close(ctx)); err != nil {
		log.Fatal(err)
	}

	off()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	records, err := sim.Load(truth)
	if err != nil {
		log.Fatal(err)
	}
	for _, breach := range sim.OneDriver(records) {
		fmt.Println(breach.Reason)
	}
	// Output: pump was driven by gw-1 under epoch 41, after epoch 42 of gw-2
}
