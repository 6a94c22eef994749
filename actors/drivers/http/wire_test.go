package httpdev_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// valve can be read, and written in some ways: GET and PATCH in the path, and all else with a body.
func valve(w *wire, address string, methods ...string) actors.Device {
	resources := []*roostv1.Resource{resource("level", isUint, readOnly, "path=/level")}
	for _, m := range methods {
		path := "/" + m
		if inPath := m == http.MethodGet || m == http.MethodPatch; inPath {
			path += "?to={value}"
		}
		resources = append(resources, resource(m, isUint, writeOnly, "write_path="+path+"; write_method="+m))
	}
	return device(w.url()+"; "+address, resources...)
}

var allMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch}

// TestWriteIsSentOnce: however the connection of a write breaks, it is not sent again, whatever its method is. The library would send again what
// it takes for repeatable, as a GET or with such a key, on a connection which it had kept.
func TestWriteIsSentOnce(t *testing.T) {
	breaks := map[string]answers{
		"closed": func(_ int, r *http.Request, conn net.Conn) bool {
			return r.URL.Path == "/level" && say(conn, "200 OK", "3")
		},
		"reset": func(_ int, r *http.Request, conn net.Conn) bool {
			if r.URL.Path != "/level" {
				_ = conn.(*net.TCPConn).SetLinger(0)
				return false
			}
			return say(conn, "200 OK", "3")
		},
		"half of the headers": func(_ int, r *http.Request, conn net.Conn) bool {
			if r.URL.Path != "/level" {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
				return false
			}
			return say(conn, "200 OK", "3")
		},
		"garbage": func(_ int, r *http.Request, conn net.Conn) bool {
			if r.URL.Path != "/level" {
				_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
				return true
			}
			return say(conn, "200 OK", "3")
		},
	}
	for name, how := range breaks {
		for _, method := range allMethods {
			t.Run(name+" "+method, func(t *testing.T) {
				w := played(t, how)
				s := opened(t, valve(w, "header.Idempotency-Key=1", method))
				for range 2 { // so that a connection is kept for it
					wantValues(t, s, map[string]string{"level": "3"})
				}
				before := len(w.asked())
				wantOutcome(t, method, actuate(within(t, 5*time.Second), s, write(method, roostv1.Uint(5))), errUnknown)
				wantValues(t, s, map[string]string{"level": "3"})
				told := slices.DeleteFunc(w.asked()[before:], func(r string) bool { return r == "GET /level" })
				if len(told) != 1 || !strings.HasPrefix(told[0], method+" /"+method) {
					t.Errorf("the device was told %q, want one %s", told, method)
				}
			})
		}
	}
}

// TestStatuses: what the status of a write says.
func TestStatuses(t *testing.T) {
	tests := []struct {
		status  string
		address string
		want    error
	}{
		{"200 OK", "", nil}, {"202 Accepted", "", nil}, {"204 No Content", "", nil},
		{"303 See Other", "", errUnknown}, {"303 See Other", "done=303", nil}, {"307 Temporary Redirect", "", errUnknown},
		{"400 Bad Request", "", actors.ErrRefused}, {"401 Unauthorized", "", actors.ErrRefused}, {"429 Too Many Requests", "", actors.ErrRefused},
		{"408 Request Timeout", "", errUnknown}, {"499 Client Closed", "", errUnknown}, {"408 Request Timeout", "refused=501,408", actors.ErrRefused},
		{"500 Oops", "", errUnknown}, {"503 Service Unavailable", "", errUnknown}, {"503 Service Unavailable", "refused=503", actors.ErrRefused},
		{"799 Strange", "", errUnknown},
	}
	for _, tt := range tests {
		w := played(t, func(_ int, r *http.Request, conn net.Conn) bool {
			if r.Method == http.MethodGet {
				return say(conn, "200 OK", "3")
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 "+tt.status+"\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
			return true
		})
		s := opened(t, valve(w, tt.address, http.MethodPut))
		wantOutcome(t, tt.status+" "+tt.address, actuate(within(t, 5*time.Second), s, write(http.MethodPut, roostv1.Uint(5))), tt.want)
		if got := w.asked(); len(got) != 2 {
			t.Errorf("%s: asked %q", tt.status, got)
		}
	}
}

// TestSlowWrites: a write ends with its context, and one whose status has come does not wait for more.
func TestSlowWrites(t *testing.T) {
	hang := func(conn net.Conn) bool { _, _ = io.Copy(io.Discard, conn); return false }
	w := played(t, func(_ int, r *http.Request, conn net.Conn) bool {
		switch r.Method {
		case http.MethodPut:
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
			return hang(conn)
		case http.MethodPatch:
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 1000000000\r\n\r\nbecause")
			return hang(conn)
		case http.MethodPost:
			return hang(conn)
		}
		return say(conn, "200 OK", "3")
	})
	s := opened(t, valve(w, "", http.MethodPut, http.MethodPatch, http.MethodPost))
	tests := map[string]struct {
		kind error
		most time.Duration
	}{http.MethodPut: {nil, 2 * time.Second}, http.MethodPatch: {actors.ErrRefused, 2 * time.Second}, http.MethodPost: {errUnknown, 5 * time.Second}}
	for method, want := range tests {
		wait := 4 * time.Second
		if want.kind == errUnknown {
			wait = 100 * time.Millisecond
		}
		began := time.Now()
		err := actuate(within(t, wait), s, write(method, roostv1.Uint(5)))
		wantOutcome(t, method, err, want.kind)
		if took := time.Since(began); took > want.most {
			t.Errorf("%s took %v", method, took)
		}
		if method == http.MethodPatch && !strings.Contains(err.Error(), `"because"`) {
			t.Errorf("the reason is not shown: %v", err)
		}
	}
}

// TestNotSent: where no byte of the request can have left, that is certain.
func TestNotSent(t *testing.T) {
	w := played(t, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", "3") })
	d := valve(w, "", http.MethodPut)
	d.Profile.Resources = d.Profile.Resources[1:] // nothing is read, so that it opens
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s := opened(t, d)
	wantOutcome(t, "under a context that had ended", actuate(ended, s, write(http.MethodPut, roostv1.Uint(1))), actors.ErrNotSent)
	wantOutcome(t, "what cannot be read or written", actuate(t.Context(), s, write("other", roostv1.Uint(1))), actors.ErrNotSent)
	wantOutcome(t, "no such command", actuate(t.Context(), s, actors.Action{Command: "start"}), actors.ErrNotSent)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, "nobody is there", actuate(t.Context(), s, write(http.MethodPut, roostv1.Uint(1))), actors.ErrNotSent)
	if got := w.asked(); len(got) != 0 {
		t.Errorf("asked %q", got)
	}
	silent := played(t, nil) // it says nothing of TLS
	d.Spec.Address["url"] = "https://" + silent.Addr().String()
	wantOutcome(t, "no TLS", actuate(within(t, 200*time.Millisecond), opened(t, d), write(http.MethodPut, roostv1.Uint(1))), actors.ErrNotSent)
}

// TestBadDocuments: what is no document fails the poll, within its bounds.
func TestBadDocuments(t *testing.T) {
	tests := []struct {
		name, want string
		answer     answers
	}{
		{"garbage", "malformed HTTP", func(_ int, _ *http.Request, conn net.Conn) bool { return put(conn, "hello\r\n\r\n") }},
		{"huge", "the document is longer than 1000 bytes", func(_ int, _ *http.Request, conn net.Conn) bool {
			return say(conn, "200 OK", strings.Repeat(" ", 1001))
		}},
		{"endless", "the document is longer than 1000 bytes", func(_ int, _ *http.Request, conn net.Conn) bool {
			for put(conn, "HTTP/1.1 200 OK\r\n\r\n"); put(conn, strings.Repeat(" ", 1<<16)); {
			}
			return false
		}},
		{"endless headers", "", func(_ int, _ *http.Request, conn net.Conn) bool {
			for put(conn, "HTTP/1.1 200 OK\r\n"); put(conn, "X: "+strings.Repeat("y", 1<<10)+"\r\n"); {
			}
			return false
		}},
		{"cut", "unexpected EOF", func(_ int, _ *http.Request, conn net.Conn) bool {
			put(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
			return false
		}},
		{"slow", "the device did not answer within 300ms", func(_ int, _ *http.Request, conn net.Conn) bool {
			put(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
			_, _ = io.Copy(io.Discard, conn)
			return false
		}},
		{"a stranger", "only redirects at the same host are followed", func(_ int, _ *http.Request, conn net.Conn) bool {
			return put(conn, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n")
		}},
		{"a circle", "redirects more than 3 times", func(_ int, _ *http.Request, conn net.Conn) bool {
			return put(conn, "HTTP/1.1 302 Found\r\nLocation: /level\r\nContent-Length: 0\r\n\r\n")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := played(t, tt.answer)
			began := time.Now()
			_, err := newDriver().Open(within(t, 5*time.Second), valve(w, "most=1000; timeout=300ms"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("opened with %v, want %q", err, tt.want)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func put(conn net.Conn, text string) bool {
	_, err := io.WriteString(conn, text)
	return err == nil
}

// TestOneRequestEach: the resources of one document are read with one request.
func TestOneRequestEach(t *testing.T) {
	w := played(t, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", `{"a": 1, "b": [2, 3]}`) })
	s := opened(t, device(w.url()+"/api/; header.X-Site=north",
		resource("a", isUint, readOnly, "path=/x?all; json=$.a"), resource("b", isUint, readOnly, "path=/x?all; json=$.b[1]"),
		resource("c", isUint, readOnly, "path=/y; json=$.c"), resource("d", isUint, readOnly, "path=?z; json=$.a")))
	before := len(w.asked())
	wantValues(t, s, map[string]string{"a": "1", "b": "3", "c": "decode error", "d": "1"})
	got := w.asked()[before:]
	slices.Sort(got)
	if want := []string{"GET /api/x?all", "GET /api/y", "GET /api?z"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// TestEscaped: a value in a path stays within its place.
func TestEscaped(t *testing.T) {
	w := played(t, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", "") })
	d := device(w.url()+`; command.go.path=/to/{place}?by={by}; command.go.method=GET`, resource("name", isText, writeOnly, "write_path=/set/{value}/now?x={value}"))
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "go", Arguments: []*roostv1.Argument{{Name: "place", Type: isText}, {Name: "by", Type: isUint}}}}
	s := opened(t, d)
	for _, text := range []string{"a/b?c=d&e", "..", "x y"} {
		if err := actuate(t.Context(), s, write("name", roostv1.Text(text))); err != nil {
			t.Error(err)
		}
	}
	if err := actuate(t.Context(), s, actors.Action{Command: "go", Arguments: map[string]*roostv1.Value{"place": roostv1.Text("x/../y"), "by": roostv1.Uint(5)}}); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /set/a%2Fb%3Fc=d&e/now?x=a%2Fb%3Fc%3Dd%26e", "POST /set/%2E%2E/now?x=..", "POST /set/x%20y/now?x=x+y", "GET /to/x%2F..%2Fy?by=5",
	}
	if got := w.asked(); !slices.Equal(got, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCloseEndsWhatIsOnItsWay: also a call that nobody waits for any more.
func TestCloseEndsWhatIsOnItsWay(t *testing.T) {
	arrived := make(chan struct{}, 2)
	w := played(t, func(n int, r *http.Request, conn net.Conn) bool {
		if n == 0 {
			return say(conn, "200 OK", "3")
		}
		arrived <- struct{}{}
		_, _ = io.Copy(io.Discard, conn)
		return false
	})
	for _, what := range []string{"poll", "write"} {
		s, err := newDriver().Open(t.Context(), valve(w, "timeout=1m", http.MethodPut))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			if what == "poll" {
				_, err := poll(t.Context(), s, "level")
				ended <- err
				return
			}
			ended <- actuate(t.Context(), s, write(http.MethodPut, roostv1.Uint(1)))
		}()
		<-arrived
		began := time.Now()
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Errorf("the %s has succeeded", what)
		}
		t.Logf("the %s ended %v after Close", what, time.Since(began).Round(time.Microsecond))
		w.mu.Lock()
		w.heard = nil
		w.mu.Unlock()
	}
}

// TestVerdicts: of a device that always answers 200, the body says what became of a write.
func TestVerdicts(t *testing.T) {
	tests := []struct {
		address, body string
		want          error
	}{
		{"refused_json=$..error", `[{"success": {"/on": true}}]`, nil},
		{"refused_json=$..error", `[{"error": {"type": 6}}]`, actors.ErrRefused},
		{"refused_json=$..error", `not JSON`, errUnknown},
		{"refused_json=$..error", ``, errUnknown},
		{"done_json=$[?@.success]", `[{"success": {}}]`, nil},
		{"done_json=$[?@.success]", `[{"failure": {}}]`, errUnknown},
		{"done_json=$[?@ == 0]", `{"error": 0}`, nil},
		{"done_json=$[?@ == 0]", `{"error": 3}`, errUnknown},
		{"done_json=$.ok; refused_json=$[?@.code == 7]", `{"ok": 1, "why": {"code": 7}}`, actors.ErrRefused},
		{"done_json=$.ok; most=100", `{"ok": 1, "x": "` + strings.Repeat("x", 200) + `"}`, errUnknown},
	}
	for _, tt := range tests {
		w := played(t, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", tt.body) })
		s := opened(t, device(w.url()+"; "+tt.address, resource("set", isUint, writeOnly, "write_path=/set")))
		wantOutcome(t, tt.address+" "+tt.body, actuate(within(t, 5*time.Second), s, write("set", roostv1.Uint(5))), tt.want)
	}
	cut := played(t, func(_ int, _ *http.Request, conn net.Conn) bool {
		put(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\": 1}")
		return false
	})
	s := opened(t, device(cut.url()+"; done_json=$.ok", resource("set", isUint, writeOnly, "write_path=/set")))
	wantOutcome(t, "a body that is cut off", actuate(within(t, 5*time.Second), s, write("set", roostv1.Uint(5))), errUnknown)
}

// TestVerdictIsBounded: what package payload refuses of documents was taken here: in 700 KB of arrays that lie deep within each other, verdicts
// searched for a second, whatever time the write had, and then found that it was done.
func TestVerdictIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	body := "[" + strings.Repeat(deep+",", 40) + "1]"
	w := played(t, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", body) })
	s := opened(t, device(w.url()+"; refused_json=$..error", resource("set", isUint, writeOnly, "write_path=/set")))
	wantOutcome(t, "a body that is too deep", actuate(within(t, 5*time.Second), s, write("set", roostv1.Uint(5))), errUnknown)
}
