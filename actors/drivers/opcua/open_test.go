package opcua_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
)

// TestOpenFails: what a server does not do when a session opens is an error in time, and nothing is left.
func TestOpenFails(t *testing.T) {
	for name, test := range map[string]struct {
		refuses ua.Request
		answer  func(*channeltest.Request)
	}{
		"no session":                 {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadTooManySessions) }},
		"no user":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadIdentityTokenRejected) }},
		"another answer":             {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Answer(new(ua.ReadResponse)) }},
		"a session without anything": {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Body('F', []byte{1, 0, 0xd0, 1}) }},
		"the end":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Cut() }},
		"nothing":                    {new(ua.CreateSessionRequest), func(*channeltest.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := channeltest.Start(t, func(r *channeltest.Request) bool {
				if ua.ServiceTypeID(r.Request) != ua.ServiceTypeID(test.refuses) {
					return false
				}
				test.answer(r)
				return true
			})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			session, err := new(opcua.Driver).Open(ctx, scripted(s, "", level()))
			if err == nil {
				_ = session.Close(ctx)
				t.Fatal("it opened")
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if errors.Is(err, channel.ErrClosed) {
				t.Errorf("the reason is lost: %v", err)
			}
		})
	}
}
