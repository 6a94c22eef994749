package findmqtt

import (
	"context"
	"sync"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
)

// Config says where to listen.
type Config struct {
	// Keys are those of an address of the driver: broker, username, password and so on.
	Keys map[string]string
	// Topics to listen to; # is all.
	Topics []string
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

// Listen listens at a broker until ctx ends, and returns what it has heard, and how much. The error says why it could not listen, or not to the end.
func Listen(ctx context.Context, c Config) (*Messages, discover.Progress, error) {
	l := listener{heard: &Messages{}, tally: discover.NewTally(0, "messages", c.Tell)}
	err := mqtt.Listen(ctx, c.Keys, c.Topics, l.hear)
	l.end()
	return l.heard, l.tally.Progress(), err
}

// listener is one run of Listen.
type listener struct {
	heard *Messages
	tally *discover.Tally

	mu    sync.Mutex
	ended bool // nothing is told any more
}

// hear takes a message. One that comes when all is over is not told.
func (l *listener) hear(m mqtt.Heard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	payload := m.Payload
	if m.TooLong {
		payload = tooLong
	}
	if l.heard.Add(m.Topic, payload, m.Retained) {
		l.tally.Found("")
	}
	l.tally.Step(1)
}

// tooLong stands for a payload of which nothing was kept: it is no text.
var tooLong = []byte{0xff}

func (l *listener) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}
