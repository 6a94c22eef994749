package cluster

import (
	"context"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// SetDesired changes what is desired of a device, and returns what is desired after it; see
// Registry.SetDesired.
func (c *Client) SetDesired(ctx context.Context, device string, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	if err := c.link.mayWrite("change what is desired of device " + device); err != nil {
		return nil, err
	}
	return c.registry.SetDesired(ctx, device, set, clear, by, reason)
}

// ReplaceDesired changes what is desired of a device where its revision is this one, and returns what is desired after
// it; see Registry.ReplaceDesired.
func (c *Client) ReplaceDesired(ctx context.Context, device string, revision uint64, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	if err := c.link.mayWrite("change what is desired of device " + device); err != nil {
		return nil, err
	}
	return c.registry.ReplaceDesired(ctx, device, revision, set, clear, by, reason)
}

// Desired returns what is desired of a device; see Registry.Desired.
func (c *Client) Desired(ctx context.Context, device string) (*roostv1.Desired, error) {
	return c.registry.Desired(ctx, device)
}
