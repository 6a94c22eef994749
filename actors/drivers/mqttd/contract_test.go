package mqttd_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// startPaho starts a device by Eclipse's client, which dials in again and again, and tells of itself all the time.
func startPaho(t testing.TB, at, id string) {
	t.Helper()
	options := paho.NewClientOptions().AddBroker("tcp://" + at).SetClientID(id).
		SetConnectRetry(true).SetConnectRetryInterval(10 * time.Millisecond).SetMaxReconnectInterval(10 * time.Millisecond)
	options.SetOnConnectHandler(func(c paho.Client) { c.Subscribe(id+"/#", 1, func(paho.Client, paho.Message) {}) })
	client := paho.NewClient(options)
	client.Connect()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if client.IsConnected() {
				client.Publish(id+"/climate", 1, false, `{"t": 21.5, "h": 40, "at": 1700000000}`)
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		client.Disconnect(0)
	})
}

func TestContract(t *testing.T) {
	at := freeAddress(t)
	startPaho(t, at, "probe")
	const many = 4
	for i := range many {
		startPaho(t, at, fmt.Sprintf("probe-%d", i))
	}
	bad := device("probe", at, "client=a/b")
	drivertest.Run(t, newDriver(), device("probe", at, ""), drivertest.Options{
		Actions: []actors.Action{{Resource: "valve", Value: roostv1.Bool(true)}, {Resource: "note", Value: roostv1.Text("a")}},
		Refused: []actors.Action{{Resource: "temperature", Value: roostv1.Double(1)}, {Resource: "valve", Value: roostv1.Double(1)}},
		Bad:     []actors.Device{bad},
		Many:    many,
	})
}
