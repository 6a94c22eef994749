package spool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// pageMessages and pageBytes bound what is read at once.
	pageMessages = 8192
	pageBytes    = 2 << 20
)

// pager reads the stream page by page, with nothing at the server that has to be kept or could be lost. It
// belongs to one goroutine.
type pager struct {
	nc    *nats.Conn
	sub   *nats.Subscription
	inbox string
	count uint64
}

// stored is one message.
type stored struct {
	sequence uint64
	batch    *roostv1.ReadingBatch // nil: it cannot be read
	bytes    int
}

func newPager(nc *nats.Conn) (*pager, error) {
	inbox := nc.NewInbox() + "."
	sub, err := nc.SubscribeSync(inbox + "*")
	if err != nil {
		return nil, err
	}
	return &pager{nc: nc, sub: sub, inbox: inbox}, nil
}

// page returns the messages from a sequence on, as many as fit; none if there are none.
func (p *pager) page(ctx context.Context, from uint64, messages, bytes int) ([]stored, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	p.count++
	reply := p.inbox + strconv.FormatUint(p.count, 10)
	ask, err := json.Marshal(map[string]any{"seq": max(from, 1), "batch": messages, "max_bytes": bytes})
	if err != nil {
		return nil, err
	}
	if err := p.nc.PublishRequest("$JS.API.DIRECT.GET."+streamName, reply, ask); err != nil {
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	var page []stored
	for {
		m, err := p.sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the spool: %w", err)
		}
		if m.Subject != reply {
			continue // of a page that was given up
		}
		if status := m.Header.Get("Status"); status != "" {
			return page, pageEnd(status, m.Header.Get("Description"))
		}
		one, err := decode(m)
		if err != nil {
			return nil, err
		}
		page = append(page, one)
	}
}

// pageEnd tells whether what ended a page is an error.
func pageEnd(status, description string) error {
	if status == "204" || status == "404" { // the end of the page, or nothing there
		return nil
	}
	return fmt.Errorf("read the spool: the embedded server says %s %s", status, description)
}

func decode(m *nats.Msg) (stored, error) {
	sequence, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil {
		return stored{}, errors.New("read the spool: a message has no sequence")
	}
	one := stored{sequence: sequence, bytes: len(m.Data)}
	batch := &roostv1.ReadingBatch{}
	if proto.Unmarshal(m.Data, batch) == nil && batch.FirstSequence > 0 && batch.DeviceId != "" {
		one.batch = batch
	}
	return one, nil
}

// sleep waits; false when ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
