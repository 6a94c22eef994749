package cluster_test

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A program that sets all pumps of a site, twenty at a time, and can be run again when it was interrupted.
func ExampleClient_SendAll() {
	ctx := context.Background()
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
	run, err := client.SendAll(ctx, cluster.FleetCommand{
		Command:     &roostv1.Command{Id: "evening", Name: "set", Arguments: map[string]*roostv1.Value{"speed": roostv1.Double(900)}},
		Selector:    map[string]string{"site": "north", "kind": "pump"},
		MaxInFlight: 20,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for record := range run.Outcomes(ctx) {
		fmt.Println(record.DeviceId, record.State.Word(), record.Status.Err())
	}
}

// The id is the same in every version: who depends on it is a fleet command that is sent again.
func ExampleFleetCommandID() {
	fmt.Println(cluster.FleetCommandID("evening", "pump-12"))
	// Output: a4af9a3d-8d6c-51d5-bd84-578bfa545e76
}
