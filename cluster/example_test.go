package cluster_test

import (
	"context"
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A program that looks at a fleet, acts on one of its devices and reads what it measured.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nc, err := cluster.ConnectClient(ctx, cluster.DefaultURL, "example", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nc.Close()
	client, err := cluster.NewClient(nc, "roost")
	if err != nil {
		fmt.Println(err)
		return
	}

	devices, err := client.Devices(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range devices {
		fmt.Println(d.DeviceId, d.State.Word(), d.Gateway)
	}

	record, err := client.Send(ctx, &roostv1.Command{
		DeviceId:  "pump",
		Name:      "set",
		Arguments: map[string]*roostv1.Value{"speed": roostv1.Double(900)},
	}, 5*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(record.CommandId, record.State.Word())

	for batch, err := range client.Readings(ctx, cluster.ReadingsQuery{Device: "pump", Since: time.Hour}) {
		if err != nil {
			fmt.Println(err) // a gap, or the end
			continue
		}
		for i, r := range batch.Readings {
			fmt.Println(batch.FirstSequence+uint64(i), r.Resource, r.Value.Format())
		}
	}
}

// What is there twice, and what is missing, shows in the sequences.
func ExampleCompleteness() {
	var seen cluster.Completeness
	for _, b := range []*roostv1.ReadingBatch{
		{DeviceId: "pump", Epoch: 7, FirstSequence: 1, Readings: make([]*roostv1.Reading, 3)},
		{DeviceId: "pump", Epoch: 7, FirstSequence: 1, Readings: make([]*roostv1.Reading, 3)}, // stored twice
		{DeviceId: "pump", Epoch: 7, FirstSequence: 6, Readings: make([]*roostv1.Reading, 1)}, // 4 and 5 are lost
		{DeviceId: "pump", Epoch: 7, FirstSequence: 9, Readings: make([]*roostv1.Reading, 1), DroppedBefore: 2},
	} {
		fresh, gap := seen.Observe(b)
		fmt.Println(len(fresh), gap)
	}
	// Output:
	// 1 <nil>
	// 0 <nil>
	// 1 readings 4 to 5 of device pump in epoch 7 are missing
	// 1 <nil>
}
