package httpdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lastWords is how long what a device says behind the status of a write may take to come.
const lastWords = 250 * time.Millisecond

// actuate sends the request of an action.
func (s *session) actuate(ctx context.Context, a actors.Action) error {
	r, path, body, err := s.action(a)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	return s.send(ctx, r, path, body)
}

// action returns how an action is sent: its path, and its body or nil.
func (s *session) action(a actors.Action) (r request, path string, body []byte, err error) {
	if a.Resource == "" {
		c := s.at.commands[a.Command]
		if c == nil {
			return r, "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no such command")
		}
		path, body, err = c.fill(a.Arguments)
		return c.request, path, body, err
	}
	e := s.entries[a.Resource]
	if e == nil || !e.resource.Writable() {
		return r, "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no such resource to write")
	}
	text, err := e.codec.Write(a.Value)
	if err != nil {
		return r, "", nil, err
	}
	if e.write.inPath {
		return e.write, fillPath(e.write.path, func(string) string { return string(text) }), nil, nil
	}
	return e.write, e.write.path, text, nil
}

// fill returns the path and the body of a command.
func (c *command) fill(arguments map[string]*roostv1.Value) (path string, body []byte, err error) {
	for _, name := range placesIn(c.path) {
		if arguments[name] == nil {
			return "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no value for {%s}", name)
		}
	}
	path = fillPath(c.path, func(name string) string { return plain(arguments[name]) })
	if c.template != nil {
		body, err = c.template.Fill(arguments)
	}
	return path, body, err
}

// send sends a request, and returns what came of it. Once, but for a device that answers it with the question who we are, and so has not done
// it: it is sent once more then, with the answer.
func (s *session) send(ctx context.Context, r request, path string, body []byte) error {
	asked, err := s.once(ctx, r, path, body)
	if asked {
		_, err = s.once(ctx, r, path, body)
	}
	return err
}

// once sends a request, and returns what came of it, and whether the device has refused it in order to ask who we are.
func (s *session) once(ctx context.Context, r request, path string, body []byte) (asked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.client.ended, cancel)()
	gate := &gate{}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { gate.arm() }})
	request, err := s.client.request(traced, r.method, r.base+path)
	nonce := ""
	if err == nil {
		nonce, err = s.client.login.sign(request)
	}
	if err == nil {
		err = context.Cause(ctx) // the last look before the first byte
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", r.contentType)
	}
	if len(body) > 0 { // without GetBody, nothing can send it once more
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	transport := s.client.writing(gate)
	response, err := transport.RoundTrip(request)
	if err != nil {
		if gate.close() {
			return false, fmt.Errorf("%w: %s %s: %w", actors.ErrNotSent, r.method, request.URL, cause(ctx, err))
		}
		return false, fmt.Errorf("%s %s: %w", r.method, request.URL, cause(ctx, err))
	}
	defer response.Body.Close()
	if !s.at.verdicts.given() { // the status says it all: what comes behind it is not waited for
		defer time.AfterFunc(lastWords, cancel).Stop()
	}
	if err := s.became(response); err != nil {
		return errors.Is(err, actors.ErrRefused) && s.client.login.asked(response, nonce), fmt.Errorf("%s %s: %w", r.method, request.URL, err)
	}
	return false, nil
}

// became tells what an answer says of a write: its status, and where that is not enough its body.
func (s *session) became(answer *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(s.at.most)+1))
	text := s.client.veil.Show(string(body), maxShown)
	if outcome := s.at.statuses.outcome(answer.StatusCode, text); outcome != nil || !s.at.verdicts.given() {
		return outcome
	}
	switch {
	case err != nil:
		return fmt.Errorf("the device answered %s, and not all of its body came: %w", describeStatus(answer.StatusCode, text), err)
	case len(body) > s.at.most:
		return fmt.Errorf("the device answered with more than %d bytes", s.at.most)
	}
	if err := s.at.verdicts.outcome(body); err != nil {
		return fmt.Errorf("the device answered %s: %w", describeStatus(answer.StatusCode, text), err)
	}
	return nil
}

// cause is why a request failed: that its time was over says more than what broke then.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// writing returns a way for one request. Its connection is new and is not kept: on one that was kept, the library sends
// some requests again.
func (c *client) writing(g *gate) *http.Transport {
	t := c.transport()
	t.DisableKeepAlives = true
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := c.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return gated{conn, g}, nil
	}
	return t
}
