package httpdev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxShown is how much of what a device said is shown in an error, in bytes.
const maxShown = 200

// statusError says that a read was answered, and not with a document.
type statusError struct {
	status int
	text   string
}

func (e statusError) Error() string { return "the device answered " + describeStatus(e.status, e.text) }

// unansweredError says that a read got no answer at all: not a byte.
type unansweredError struct{ error }

func (e unansweredError) Unwrap() error { return e.error }

// poll reads each document that the resources are in, once. After the first that gets no answer at all no more is asked for: a dead device
// would let each of them wait. Where that is one path and not the device, it comes last from then on, so that the others are read.
func (s *session) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	urls, entries, err := s.plan(resources)
	if err != nil {
		return nil, err
	}
	samples := make([]actors.Sample, 0, len(resources))
	var failed error // the first
	got := 0
	for i, url := range urls {
		body, err := s.get(ctx, url)
		_, dead := errors.AsType[unansweredError](err)
		s.notes(url, dead)
		switch {
		case err == nil:
			got++
			samples = s.read(samples, entries[url], body)
		case ctx.Err() != nil:
			return nil, err
		case dead && got == 0:
			return nil, cmp.Or(failed, err)
		case dead:
			for _, left := range urls[i:] {
				samples = bad(samples, entries[left], err)
			}
			return samples, nil
		default:
			if statusOf(err) != 0 { // it has answered
				got++
			}
			failed = cmp.Or(failed, err)
			samples = bad(samples, entries[url], err)
		}
	}
	if got == 0 && failed != nil {
		return nil, failed
	}
	return samples, nil
}

// plan returns the URLs of the resources, in order, and what is to be read from each.
func (s *session) plan(resources []string) (urls []string, entries map[string][]*entry, err error) {
	entries = make(map[string][]*entry, 1)
	for _, name := range resources {
		e := s.entries[name]
		if e == nil {
			return nil, nil, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		}
		if entries[e.url] == nil {
			urls = append(urls, e.url)
		}
		entries[e.url] = append(entries[e.url], e)
	}
	slices.SortStableFunc(urls, func(a, b string) int { return cmp.Compare(s.order(a), s.order(b)) })
	return urls, entries, nil
}

// order is 1 for what got no answer the last time, which is asked for after the others.
func (s *session) order(url string) int {
	if s.unanswered[url] {
		return 1
	}
	return 0
}

// notes notes whether a read got no answer.
func (s *session) notes(url string, dead bool) {
	switch {
	case !dead:
		delete(s.unanswered, url)
	case s.unanswered == nil:
		s.unanswered = map[string]bool{url: true}
	default:
		s.unanswered[url] = true
	}
}

// get reads a document.
func (s *session) get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.at.timeout, fmt.Errorf("the device did not answer within %v", s.at.timeout))
	defer cancel()
	defer context.AfterFunc(s.client.ended, cancel)()
	var answered atomic.Bool
	body, err := s.fetch(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { answered.Store(true) }}), url)
	if err == nil {
		return body, nil
	}
	if ctx.Err() != nil && !errors.As(err, new(statusError)) {
		err = context.Cause(ctx)
	}
	if !answered.Load() {
		err = unansweredError{err}
	}
	return nil, fmt.Errorf("GET %s: %w", url, err)
}

func (s *session) fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := s.client.request(ctx, http.MethodGet, url)
	if err != nil {
		return nil, err
	}
	response, err := s.client.reads.Do(request)
	if err != nil {
		return nil, unwrapURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, statusError{response.StatusCode, s.said(response.Body)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(s.at.most)+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > s.at.most:
		return nil, fmt.Errorf("the document is longer than %d bytes: if it has to be, say so in the address with most", s.at.most)
	}
	return body, nil
}

// said is what a device says besides a status, as it may be shown.
func (s *session) said(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 4*maxShown)) // what does not come is not shown
	return s.client.veil.Show(string(text), maxShown)
}

// read appends the samples that are in a document.
func (s *session) read(to []actors.Sample, entries []*entry, body []byte) []actors.Sample {
	document, at := payload.Of(body), time.Now()
	for _, e := range entries {
		from := len(to)
		to = e.codec.Read(to, document, at)
		for i := range to[from:] { // some devices repeat what they were told
			to[from+i].Detail = s.client.veil.Show(to[from+i].Detail, maxShown)
		}
	}
	return to
}

// bad appends samples without values.
func bad(to []actors.Sample, entries []*entry, why error) []actors.Sample {
	sample := actors.Sample{Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE, At: time.Now(), Detail: why.Error()}
	if e, ok := errors.AsType[statusError](why); ok {
		sample.Reason, sample.VendorCode = reasonOf(e.status), uint32(e.status)
	}
	for _, e := range entries {
		sample.Resource = e.resource.GetName()
		to = append(to, sample)
	}
	return to
}

// statusOf is the status that a read was answered with, if it had no document; else 0.
func statusOf(err error) int {
	e, _ := errors.AsType[statusError](err)
	return e.status
}
