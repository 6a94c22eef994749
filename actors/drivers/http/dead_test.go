package httpdev_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestDeadDevice: a device that answers nothing any more is waited for once in a poll, whatever it is asked for.
func TestDeadDevice(t *testing.T) {
	const paths = 20
	for answered := range 2 { // before it dies within a poll
		w := played(t, func(n int, _ *http.Request, conn net.Conn) bool {
			if n > answered {
				_, _ = io.Copy(io.Discard, conn)
				return false
			}
			return say(conn, "200 OK", "3")
		})
		var resources []*roostv1.Resource
		var names []string
		for i := range paths {
			names = append(names, "r"+strconv.Itoa(i))
			resources = append(resources, resource(names[i], isUint, readOnly, "path=/"+names[i]))
		}
		s := opened(t, device(w.url()+"; timeout=200ms", resources...))
		began := time.Now()
		samples, err := s.(actors.Poller).Poll(within(t, 20*time.Second), names)
		took := time.Since(began)
		if (err == nil) != (answered > 0) || err == nil && len(samples) != paths {
			t.Errorf("a device that died after %d answers: %d samples, %v", answered, len(samples), err)
		}
		for i, sample := range samples {
			if good := sample.Value != nil; good != (i < answered) {
				t.Errorf("%s is %v after %d answers", sample.Resource, sample.Value, answered)
			}
		}
		if asked := len(w.asked()) - 1; asked != answered+1 {
			t.Errorf("it was asked %d times, and answered %d", asked, answered)
		}
		t.Logf("dead after %d answers: told after %v, and the timeout is 200ms", answered, took)
	}
}

// TestDeadPath: one path that is never answered does not keep the others from being read: it comes last when it is known.
func TestDeadPath(t *testing.T) {
	w := played(t, func(_ int, r *http.Request, conn net.Conn) bool {
		if r.URL.Path == "/dead" {
			_, _ = io.Copy(io.Discard, conn)
			return false
		}
		return say(conn, "200 OK", "3")
	})
	s := opened(t, device(w.url()+"; timeout=100ms",
		resource("first", isUint, readOnly, "path=/first"), resource("dead", isUint, readOnly, "path=/dead"), resource("last", isUint, readOnly, "path=/last")))
	names := []string{"first", "dead", "last"}
	if _, err := poll(within(t, 10*time.Second), s, names...); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := poll(within(t, 10*time.Second), s, names...)
		if err != nil || got["first"] != "3" || got["last"] != "3" || got["dead"] == "3" {
			t.Errorf("%v, %v", got, err)
		}
	}
}
