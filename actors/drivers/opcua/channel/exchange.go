package channel

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/gopcua/opcua/ua"
)

const (
	// renewal is how long the server may take to give new keys. Those in use last longer.
	renewal = 10 * time.Second
	// minLifetime is the least that keys are taken to last, so that a server which says 0 is not asked without end.
	minLifetime = time.Second
)

// exchange gets keys from the server, with which is sent from then on.
func (c *Channel) exchange(ctx context.Context, how ua.SecurityTokenRequestType) error {
	request := &ua.OpenSecureChannelRequest{
		RequestType: how, SecurityMode: c.config.Mode, RequestedLifetime: uint32(c.lifetime() / time.Millisecond),
	}
	if c.config.secure() {
		request.ClientNonce = make([]byte, c.opening.algorithm.NonceLength())
		if _, err := rand.Read(request.ClientNonce); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.nonce, c.exchanging = request.ClientNonce, true
	c.mu.Unlock()
	_, err := c.Do(ctx, nil, request)
	return err
}

func (c *Channel) lifetime() time.Duration {
	if c.config.Lifetime > 0 {
		return c.config.Lifetime
	}
	return defaultLifetime
}

// adopt takes the keys that the server gave. It is called by the goroutine that reads, before it reads the next frame: that may have the
// new keys already.
func (c *Channel) adopt(opened *ua.OpenSecureChannelResponse) error {
	c.mu.Lock()
	nonce, wanted := c.nonce, c.exchanging
	c.nonce, c.exchanging = nil, false
	c.mu.Unlock()
	if !wanted {
		return errors.New("the server sent keys that nobody asked for")
	}
	k, err := c.config.symmetric(nonce, opened.ServerNonce)
	if err != nil {
		return err
	}
	lifetime := max(time.Duration(opened.SecurityToken.RevisedLifetime)*time.Millisecond, minLifetime)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.former, c.current = c.current, token{
		id: opened.SecurityToken.TokenID, keys: k, ends: time.Now().Add(lifetime * 3 / 4), // as the specification has it
	}
	c.id = opened.SecurityToken.ChannelID
	return nil
}
