package control

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// readingsQuery says which readings are wanted.
type readingsQuery struct {
	device, resource string
	since            time.Duration // how far back; 0: as far as is remembered
	follow           bool
}

func readReadingsQuery(r *http.Request) (q readingsQuery, err error) {
	query, err := queryOf(r, "device", "resource", "since", "follow")
	if err != nil {
		return q, err
	}
	if q.device = query.Get("device"); q.device != "" {
		err = roostv1.CheckID("device id", q.device)
	}
	if q.resource = query.Get("resource"); q.resource != "" && err == nil {
		err = roostv1.CheckName("resource", q.resource)
	}
	if text := query.Get("since"); text != "" && err == nil {
		if q.since, err = time.ParseDuration(text); err != nil || q.since <= 0 {
			err = roostv1.Errorf(roostv1.ErrInvalid, "since %.40q is not a time span above 0, such as 10m", text)
		}
	}
	if text := query.Get("follow"); text != "" && err == nil {
		if q.follow, err = strconv.ParseBool(text); err != nil {
			err = roostv1.Errorf(roostv1.ErrInvalid, "follow %.40q is neither true nor false", text)
		}
	}
	return q, err
}

// readings answers a line for each batch, and with follow goes on as they come.
func (s *Server) readings(w http.ResponseWriter, r *http.Request) {
	q, err := readReadingsQuery(r)
	if err == nil && q.device != "" {
		if _, ok := s.fleet.Device(q.device); !ok {
			err = notHere(q.device)
		}
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := &lines{server: s, to: w, query: q}
	last, follower := s.fleet.Tap().Follow(q.device)
	defer follower.Close()
	err = out.write(sinceOf(last, q.since), 0)
	for err == nil && q.follow {
		var batches []*roostv1.ReadingBatch
		var lost uint64
		if batches, lost, err = follower.Next(r.Context()); err == nil {
			err = out.write(batches, lost)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.log.Warn("somebody who follows readings at the control socket takes none: cut off", "after", s.writeTime)
	}
}

// sinceOf returns the batches of the last while.
func sinceOf(batches []*roostv1.ReadingBatch, since time.Duration) []*roostv1.ReadingBatch {
	if since == 0 {
		return batches
	}
	from := time.Now().Add(-since)
	return slices.DeleteFunc(batches, func(b *roostv1.ReadingBatch) bool { return b.GetBaseTime().AsTime().Before(from) })
}

// lines is where batches are written.
type lines struct {
	server *Server
	to     http.ResponseWriter
	query  readingsQuery
}

// write writes batches, after how many were lost before them. What is written is on its way when it returns.
func (l *lines) write(batches []*roostv1.ReadingBatch, lost uint64) error {
	if lost > 0 {
		if err := l.line(lostText(lost)); err != nil {
			return err
		}
	}
	for _, b := range batches {
		if b = l.wanted(b); b == nil {
			continue
		}
		if err := l.batch(b); err != nil {
			return err
		}
	}
	return http.NewResponseController(l.to).Flush()
}

// wanted returns what of a batch was asked for; nil: nothing. The sequence of a batch of some resources
// is that of the whole.
func (l *lines) wanted(b *roostv1.ReadingBatch) *roostv1.ReadingBatch {
	if l.query.device != "" && b.DeviceId != l.query.device {
		return nil
	}
	if l.query.resource == "" {
		return b
	}
	other := func(r *roostv1.Reading) bool { return r.GetResource() != l.query.resource }
	if !slices.ContainsFunc(b.Readings, func(r *roostv1.Reading) bool { return !other(r) }) {
		return nil
	}
	b = proto.CloneOf(b)
	b.Readings = slices.DeleteFunc(b.Readings, other)
	return b
}

// batch writes one batch, in halves if it is too large for a line.
func (l *lines) batch(b *roostv1.ReadingBatch) error {
	data, err := roostv1.Marshal(b, true)
	if err == nil {
		return l.line(data)
	}
	if len(b.Readings) < 2 { // it was stored, so it can be: it is only too large to be shown
		return l.line(lostText(1))
	}
	first, second := halves(b)
	if err := l.batch(first); err != nil {
		return err
	}
	return l.batch(second)
}

// halves divides a batch. What it declares is declared by the first half.
func halves(b *roostv1.ReadingBatch) (first, second *roostv1.ReadingBatch) {
	first, second = proto.CloneOf(b), proto.CloneOf(b)
	n := len(b.Readings) / 2
	first.Readings, second.Readings = first.Readings[:n], second.Readings[n:]
	second.FirstSequence += uint64(n)
	second.DroppedBefore, second.MissedPolls = 0, 0
	return first, second
}

// lostText is the line that says how many batches were lost.
func lostText(n uint64) []byte { return fmt.Appendf(nil, `{"lostBatches":%d}`, n) }

func (l *lines) line(data []byte) error {
	l.server.patience(l.to)
	_, err := l.to.Write(append(data, '\n'))
	return err
}
