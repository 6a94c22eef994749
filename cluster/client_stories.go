package cluster

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// told is what one gateway told of itself and a device.
type told struct {
	incarnation string
	suspended   bool
	device      *roostv1.DeviceStatus // nil: it does not serve it
	takeovers   []*roostv1.Takeover
	events      []*roostv1.Event
}

// askStories asks every gateway that may be there, several at a time, and returns what they told, by
// their ids. One that does not answer is left out.
func (c *Client) askStories(ctx context.Context, picture *Picture, device, bus string) map[string]told {
	var mu sync.Mutex
	all := map[string]told{}
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for _, m := range picture.Members() {
		if !picture.sight(m.GatewayId).live() {
			continue
		}
		asking.Go(func() error {
			if t, ok := c.askStory(ctx, m.GatewayId, device, bus); ok {
				mu.Lock()
				defer mu.Unlock()
				all[m.GatewayId] = t
			}
			return nil
		})
	}
	_ = asking.Wait()
	return all
}

// askStory asks one gateway three questions at once; false if it does not answer the first.
func (c *Client) askStory(ctx context.Context, gateway, device, bus string) (told, bool) {
	var self, of roostv1.StatusResponse
	var history roostv1.HistoryResponse
	var asking errgroup.Group
	asking.Go(func() error {
		return c.ask(ctx, c.names.GatewayStatus(gateway), askTimeout, &roostv1.StatusRequest{Limit: 1}, &self)
	})
	asking.Go(func() error { // an error says that it does not serve the device
		_ = c.ask(ctx, c.names.GatewayStatus(gateway), askTimeout, &roostv1.StatusRequest{DeviceId: device}, &of)
		return nil
	})
	asking.Go(func() error { // what it does not tell is missing, and no more
		_ = c.ask(ctx, c.names.GatewayHistory(gateway), askTimeout, &roostv1.HistoryRequest{DeviceId: device, Bus: bus}, &history)
		return nil
	})
	if err := asking.Wait(); err != nil || self.Gateway == nil {
		return told{}, false
	}
	t := told{
		incarnation: self.Gateway.Incarnation, suspended: self.Gateway.Suspended,
		takeovers: history.Takeovers, events: history.Events,
	}
	if len(of.Devices) == 1 {
		t.device = of.Devices[0]
	}
	return t, true
}
