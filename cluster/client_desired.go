package cluster

import (
	"context"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// SetDesired changes what is desired of a device, and returns what is desired after it; see
// Registry.SetDesired.
func (c *Client) SetDesired(ctx context.Context, device string, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	return nil, roostv1.Errorf(roostv1.ErrUnavailable, "not there yet")
}

// Desired returns what is desired of a device. Where nothing ever was, its revision is 0.
func (c *Client) Desired(ctx context.Context, device string) (*roostv1.Desired, error) {
	return nil, roostv1.Errorf(roostv1.ErrUnavailable, "not there yet")
}
