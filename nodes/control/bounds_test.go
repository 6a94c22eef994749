package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// watchedLog closes seen when a line with a text is logged.
type watchedLog struct {
	text string
	seen chan struct{}
	once sync.Once
}

func newWatchedLog(text string) *watchedLog {
	return &watchedLog{text: text, seen: make(chan struct{})}
}

func (w *watchedLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(w.text)) {
		w.once.Do(func() { close(w.seen) })
	}
	return len(line), nil
}

func (w *watchedLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// raw asks as curl does.
func raw(t *testing.T, folder, method, path, body string) (code int, answer string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(folder, control.SocketName))
	}}}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://roost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// TestRaw: what people see who ask without the client.
func TestRaw(t *testing.T) {
	g := &gateway{pumps: 3}
	_, at := serve(t, g)
	g.tap.Note(flow("pump-0000", 1, 1))
	for _, test := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"GET", "/v1/devices?limit=1&after=pump-0000", "", 200, `"deviceId":"pump-0001"`},
		{"GET", "/v1/devices?limit=0", "", 400, `limit \"0\" is not a number above 0`},
		{"GET", "/v1/devices?selector=a", "", 400, `there is no \"selector\" here, but after, limit`},
		{"GET", "/v1/devices?limit=1&limit=2", "", 400, "limit is there twice"},
		{"GET", "/v1/buses?limit=1&after=pump-0000", "", 200, `"bus":"pump-0001"`},
		{"GET", "/v1/buses?limit=none", "", 400, `limit \"none\" is not a number above 0`},
		{"GET", "/v1/devices/valve", "", 404, "does not serve device valve"},
		{"GET", "/v1/devices/a.b", "", 400, "CODE_INVALID_ARGUMENT"},
		{"GET", "/v1/why/pump-0002", "", 200, `"owner":"gw-1"`},
		{"GET", "/v1/readings?device=pump-0000", "", 200, `"firstSequence":"1"`},
		{"GET", "/v1/readings?follow=maybe", "", 400, "neither true nor false"},
		{"GET", "/v1/readings?since=-1s", "", 400, "is not a time span above 0"},
		{"GET", "/v2/devices", "", 404, "there is nothing at GET"},
		{"DELETE", "/v1/devices", "", 404, "there is nothing at DELETE"},
		{"GET", "/v1/send", "", 404, "there is nothing at GET"},
		{"POST", "/v1/send", `{"command":{"deviceId":"pump-0000","name":"start"}}`, 200, `"state":"COMMAND_STATE_SUCCEEDED"`},
		{"POST", "/v1/send", `{"command":{"deviceId":"pump-0000","name":"start","submittedBy":"me"}}`, 400, "CODE_INVALID_ARGUMENT"},
		{"POST", "/v1/send", `{}`, 400, "no command"},
		{"POST", "/v1/send", `{"command"`, 400, "CODE_INVALID_ARGUMENT"},
		{"POST", "/v1/send", strings.Repeat("x", 600<<10), 400, "the request has more than"},
	} {
		if code, got := raw(t, at, test.method, test.path, test.body); code != test.code || !strings.Contains(got, test.want) {
			t.Errorf("%s %s %.60s: got %d and %.300s, want %d and %s", test.method, test.path, test.body, code, got, test.code, test.want)
		}
	}
}

// TestBusy: so many requests are worked on at one time, and one more is told so.
func TestBusy(t *testing.T) {
	taken, release := make(chan struct{}), make(chan struct{})
	g := &gateway{pumps: 1, submit: func(_ context.Context, c *roostv1.Command, answer func(*roostv1.CommandRecord, error)) {
		taken <- struct{}{}
		<-release
		answer(&roostv1.CommandRecord{CommandId: c.Id}, nil)
	}}
	client, _ := serve(t, g, func(c *control.Config) { c.MaxRequests = 2 })
	var asking sync.WaitGroup
	for range 2 {
		asking.Go(func() {
			if _, err := client.Send(context.Background(), &roostv1.Command{DeviceId: "pump-0000", Name: "start"}, time.Minute); err != nil {
				t.Error(err)
			}
		})
		<-taken
	}
	if _, err := client.Devices(t.Context()); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("got %v", err)
	}
	close(release)
	asking.Wait()
}

// TestHalfRequest: who sends half a request and waits is told so, and holds nobody up. The server waited for the rest before it
// answered, whatever was asked for: 64 such requests for readings, and nobody was let in any more.
func TestHalfRequest(t *testing.T) {
	_, at := serve(t, &gateway{pumps: 1}, func(c *control.Config) { c.MaxRequests, c.ReadTime = 1, 50*time.Millisecond })
	for _, what := range []string{"GET /v1/readings?follow=true", "GET /v1/devices", "POST /v1/send"} {
		c, err := net.Dial("unix", filepath.Join(at, control.SocketName))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: roost\r\nContent-Length: 100\r\n\r\n{", what); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second)) // else a failure would not end
		answer, err := io.ReadAll(c)
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte("could not be read")) {
			t.Errorf("%s: got %v, %.300s", what, err, answer)
		}
		if code, got := raw(t, at, "GET", "/v1/devices", ""); code != 200 {
			t.Errorf("after %s: got %d and %s", what, code, got)
		}
	}
}

// TestDefect: a request that fails by a defect ends nothing but itself.
func TestDefect(t *testing.T) {
	g := &gateway{pumps: 1, submit: func(context.Context, *roostv1.Command, func(*roostv1.CommandRecord, error)) { panic("a defect") }}
	client, _ := serve(t, g)
	if _, err := client.Send(t.Context(), &roostv1.Command{DeviceId: "pump-0000", Name: "start"}, time.Second); err == nil || !strings.Contains(err.Error(), "a defect") {
		t.Errorf("got %v", err)
	}
	if devices, err := client.Devices(t.Context()); err != nil || len(devices) != 1 {
		t.Errorf("then got %v and %v", devices, err)
	}
}

// TestTapIsBounded: what is remembered is bounded by bytes and by number, and is the newest.
func TestTapIsBounded(t *testing.T) {
	tap := control.NewTap()
	for n := range uint64(20_000) {
		tap.Note(flow("pump-0000", n+1, 1))
	}
	last := tap.Last()
	if len(last) != 4096 || last[len(last)-1].FirstSequence != 20_000 || last[0].FirstSequence != 20_000-4095 {
		t.Errorf("got %d batches, from %d", len(last), last[0].FirstSequence)
	}
	text := roostv1.Text(strings.Repeat("x", 1<<20))
	for n := range uint64(10) {
		tap.Note(&roostv1.ReadingBatch{FirstSequence: n, Readings: []*roostv1.Reading{{Value: text}}})
	}
	if last := tap.Last(); len(last) != 3 || last[2].FirstSequence != 9 {
		t.Errorf("got %d batches of a megabyte each", len(last))
	}
}
