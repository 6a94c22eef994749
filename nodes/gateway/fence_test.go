package gateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// endless is a driver whose acts end with their context, and tell why that ended.
type endless struct {
	throw
	acting chan struct{}
	ended  chan error
}

func (e *endless) Open(context.Context, actors.Device) (actors.Session, error) { return e, nil }

func (e *endless) Actuate(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
	e.acting <- struct{}{}
	<-ctx.Done()
	e.ended <- context.Cause(ctx)
	return nil, ctx.Err()
}

// TestActEndsWithTheLease: what a gateway does to a device that others can reach ends when its lease is not
// renewed in time, whatever time the command itself has.
func TestActEndsWithTheLease(t *testing.T) {
	h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := cluster.ConnectGateway(h.URL(), "gw-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	driver := &endless{acting: make(chan struct{}, 1), ended: make(chan error, 1)}
	g, err := gateway.New(gateway.Config{
		ID: "gw-1", Conn: nc, Lease: time.Second, Drivers: map[string]actors.Driver{"dice": driver},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- g.Run(ctx) }()
	client, err := cluster.NewClient(nc, cluster.DefaultFleet)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.Ready(ctx), addDice(ctx, client)); err != nil {
		t.Fatal(err)
	}
	for _, err := range client.Readings(ctx, cluster.ReadingsQuery{Device: "dice-1", Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		break // it is served
	}
	load := &roostv1.Command{DeviceId: "dice-1", Name: "load", Arguments: map[string]*roostv1.Value{"eyes": roostv1.Int(6)}}
	go func() { _, _ = client.Send(ctx, load, time.Second) }() // nobody is there to answer in the end
	<-driver.acting
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if cause := <-driver.ended; !errors.Is(cause, roostv1.ErrSuspended) {
		t.Errorf("the act ended with %v, want ErrSuspended", cause)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
