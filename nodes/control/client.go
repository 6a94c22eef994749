package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxAnswer bounds an answer that is not a stream.
const maxAnswer = 8 << 20

// Client uses a gateway of this machine. Errors match the codes of roostv1: ErrUnavailable if no gateway
// serves the socket.
type Client struct {
	path string
	http *http.Client
}

// NewClient returns a client of the gateway that has the folder. It dials with each question.
func NewClient(folder string) *Client {
	c := &Client{path: filepath.Join(folder, SocketName)}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", c.path)
		},
		DisableKeepAlives: true,
	}}
	return c
}

// Devices describes the devices that the gateway serves, in the order of their ids.
func (c *Client) Devices(ctx context.Context) ([]*roostv1.DeviceStatus, error) {
	var all []*roostv1.DeviceStatus
	for after, more := "", true; more; {
		var page roostv1.StatusResponse
		if err := c.get(ctx, "/v1/devices", url.Values{"after": {after}}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Devices...)
		if more = page.More && len(page.Devices) > 0; more {
			after = page.Devices[len(page.Devices)-1].DeviceId
		}
	}
	return all, nil
}

// Buses describes the buses that the gateway serves, in the order of their ids.
func (c *Client) Buses(ctx context.Context) ([]*roostv1.BusStatus, error) {
	var all []*roostv1.BusStatus
	for after, more := "", true; more; {
		var page roostv1.StatusResponse
		if err := c.get(ctx, "/v1/buses", url.Values{"after": {after}}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Buses...)
		if more = page.More && len(page.Buses) > 0; more {
			after = page.Buses[len(page.Buses)-1].Bus
		}
	}
	return all, nil
}

// Device describes one device. The error is ErrNotFound if the gateway does not serve it.
func (c *Client) Device(ctx context.Context, id string) (Device, error) {
	if err := roostv1.CheckID("device id", id); err != nil {
		return Device{}, err
	}
	data, err := c.fetch(ctx, http.MethodGet, "/v1/devices/"+id, nil, nil)
	if err != nil {
		return Device{}, err
	}
	var body deviceBody
	if err := json.Unmarshal(data, &body); err != nil {
		return Device{}, unreadable(err)
	}
	d := Device{Spec: &roostv1.DeviceSpec{}, Profile: &roostv1.Profile{}, Status: &roostv1.DeviceStatus{}}
	err = errors.Join(read(body.Spec, d.Spec), read(body.Profile, d.Profile), read(body.Status, d.Status))
	if len(body.Desired) > 0 {
		d.Desired = &roostv1.Desired{}
		err = errors.Join(err, read(body.Desired, d.Desired))
	}
	return d, err
}

// Why tells why a device is where it is.
func (c *Client) Why(ctx context.Context, device string) (*roostv1.Story, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	story := &roostv1.Story{}
	return story, c.get(ctx, "/v1/why/"+device, nil, story)
}

// Send has a command accepted and waits for its outcome, at most for wait, and then returns the present
// record. ErrOutcomeUnknown means that it may have been accepted; any other error that it was not.
func (c *Client) Send(ctx context.Context, command *roostv1.Command, wait time.Duration) (*roostv1.CommandRecord, error) {
	body, err := roostv1.Marshal(&roostv1.SendRequest{Command: command, Wait: durationpb.New(wait)}, true)
	if err != nil {
		return nil, err
	}
	data, err := c.do(ctx, http.MethodPost, "/v1/send", nil, body)
	switch {
	case errors.Is(err, roostv1.ErrUnavailable):
		return nil, err
	case err != nil:
		return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no answer came: %v", err)
	}
	var response roostv1.SendResponse
	if err := read(data.body, &response); err != nil {
		return nil, data.problem()
	}
	if response.Record == nil {
		return nil, response.Status.Err()
	}
	return response.Record, nil
}

// get asks for a message.
func (c *Client) get(ctx context.Context, path string, query url.Values, m proto.Message) error {
	data, err := c.fetch(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	return read(data, m)
}

// fetch asks for a body; an answer that says what went wrong is an error.
func (c *Client) fetch(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	a, err := c.do(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	return a.body, a.problem()
}

// answer is what came back.
type answer struct {
	code int
	body []byte
}

// problem is what an answer says went wrong; nil if nothing did.
func (a answer) problem() error {
	if a.code == http.StatusOK {
		return nil
	}
	status := &roostv1.Status{}
	if err := read(a.body, status); err == nil && status.Err() != nil {
		return status
	}
	return roostv1.Errorf(roostv1.ErrInternal, "the gateway answered %d %s", a.code, http.StatusText(a.code))
}

// do asks, and reads the whole answer.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte) (answer, error) {
	response, err := c.open(ctx, method, path, query, body)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	return answer{response.StatusCode, data}, nil
}

// open asks, and leaves the answer to be read. The error is ErrUnavailable if nobody got the question.
func (c *Client) open(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	if err := checkPath(c.path); err != nil {
		return nil, err
	}
	at := url.URL{Scheme: "http", Host: "roost", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	var dialled *net.OpError
	switch {
	case err == nil:
		return response, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "no gateway runs in %s: start it, or name another folder with --local=FOLDER", filepath.Dir(c.path))
	case errors.Is(err, fs.ErrPermission):
		return nil, roostv1.Errorf(roostv1.ErrPermission, "%s is for the gateway's own user: be that user, or root", c.path)
	case errors.As(err, &dialled) && dialled.Op == "dial":
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "the gateway in %s cannot be reached: %v", filepath.Dir(c.path), dialled.Err)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("ask the gateway in %s: %w", filepath.Dir(c.path), err)
}

// read reads a message of an answer.
func read(data []byte, m proto.Message) error {
	if _, err := roostv1.Unmarshal(data, m); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	return roostv1.Errorf(roostv1.ErrInternal, "the gateway's answer cannot be read: %v", err)
}
