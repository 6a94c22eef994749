package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ReadingsQuery says which readings are wanted.
type ReadingsQuery struct {
	Device   string        // empty: all devices
	Resource string        // empty: all of them
	Since    time.Duration // how far back; 0: as far as the gateway remembers
	Follow   bool          // go on as they come
}

// values is the query as it is sent.
func (q ReadingsQuery) values() url.Values {
	v := url.Values{"follow": {strconv.FormatBool(q.Follow)}}
	for name, value := range map[string]string{"device": q.Device, "resource": q.Resource} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Since > 0 {
		v.Set("since", q.Since.String())
	}
	return v
}

// Lost says that batches came faster than they were read. As an error it does not mean that reading
// cannot go on. The gateway has stored them as ever.
type Lost struct{ Batches uint64 }

// Error says how many.
func (l *Lost) Error() string {
	return fmt.Sprintf("%d batches of readings are not shown: they came faster than they were read, and are stored as ever", l.Batches)
}

// lostLine is the line that says it.
type lostLine struct {
	LostBatches uint64 `json:"lostBatches"`
}

// Readings yields the batches that the gateway remembers, and with Follow those that come, until ctx
// ends. A *Lost is yielded where batches are missing, and reading goes on. Any other error is the last:
// ErrUnavailable when the gateway has ended.
func (c *Client) Readings(ctx context.Context, q ReadingsQuery) iter.Seq2[*roostv1.ReadingBatch, error] {
	return func(yield func(*roostv1.ReadingBatch, error) bool) {
		response, err := c.open(ctx, http.MethodGet, "/v1/readings", q.values(), nil)
		if err != nil {
			yield(nil, err)
			return
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			data, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // what is missing of it does not help
			yield(nil, answer{response.StatusCode, data}.problem())
			return
		}
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, maxAnswer)
		for lines.Scan() {
			if !yield(readLine(lines.Bytes())) {
				return
			}
		}
		switch err := lines.Err(); {
		case ctx.Err() != nil:
			yield(nil, context.Cause(ctx))
		case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
			yield(nil, fmt.Errorf("read the gateway's readings: %w", err))
		case err != nil || q.Follow:
			yield(nil, roostv1.Errorf(roostv1.ErrUnavailable, "the gateway has stopped, or cut this reader off"))
		}
	}
}

func readLine(line []byte) (*roostv1.ReadingBatch, error) {
	var lost lostLine
	if json.Unmarshal(line, &lost) == nil && lost.LostBatches > 0 {
		return nil, &Lost{lost.LostBatches}
	}
	b := &roostv1.ReadingBatch{}
	if err := read(line, b); err != nil {
		return nil, err
	}
	return b, nil
}
