package httpdev_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	httpdev "github.com/roost-iot/roost/actors/drivers/http"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING

	readOnly  = roostv1.Access_ACCESS_READ
	writeOnly = roostv1.Access_ACCESS_WRITE
	both      = roostv1.Access_ACCESS_READ_WRITE
)

// entries are written as "key=value; key=value".
func entries(text string) map[string]string {
	m := map[string]string{}
	for entry := range strings.SplitSeq(text, ";") {
		if key, value, ok := strings.Cut(strings.TrimSpace(entry), "="); ok {
			m[key] = value
		}
	}
	return m
}

func resource(name string, t roostv1.ValueType, a roostv1.Access, protocol string) *roostv1.Resource {
	return &roostv1.Resource{Name: name, Type: t, Access: a, Protocol: entries(protocol)}
}

func device(address string, resources ...*roostv1.Resource) actors.Device {
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "boiler", Driver: httpdev.Name, Profile: "p", Address: entries(address)},
		Profile: &roostv1.Profile{Id: "p", Resources: resources},
	}
}

func opened(t testing.TB, d actors.Device) actors.Session {
	t.Helper()
	s, err := newDriver().Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(t.Context()) })
	return s
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// poll returns values by name; of BAD ones the reason.
func poll(ctx context.Context, s actors.Session, names ...string) (map[string]string, error) {
	samples, err := s.(actors.Poller).Poll(ctx, names)
	got := make(map[string]string, len(samples))
	for _, one := range samples {
		if got[one.Resource] = one.Value.Format(); one.Value == nil {
			got[one.Resource] = one.Reason.Word()
		}
	}
	return got, err
}

func wantValues(t testing.TB, s actors.Session, want map[string]string) {
	t.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
	}
	got, err := poll(within(t, 10*time.Second), s, names...)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range want {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func write(name string, v *roostv1.Value) actors.Action {
	return actors.Action{Resource: name, Value: v}
}

func actuate(ctx context.Context, s actors.Session, a actors.Action) error {
	_, err := s.(actors.Actuator).Actuate(ctx, a)
	return err
}

var errUnknown = errors.New("unknown")

// wantOutcome checks that an action ended as a kind of error, or errUnknown, or nil.
func wantOutcome(t testing.TB, what string, err, kind error) {
	t.Helper()
	refused, notSent := errors.Is(err, actors.ErrRefused), errors.Is(err, actors.ErrNotSent)
	ok := false
	switch kind {
	case nil:
		ok = err == nil
	case errUnknown:
		ok = err != nil && !refused && !notSent
	case actors.ErrRefused:
		ok = refused && !notSent
	case actors.ErrNotSent:
		ok = notSent && !refused
	}
	if !ok {
		t.Errorf("%s: it ended with %v, want %v", what, err, kind)
	}
}

// wire is a device played byte by byte, which does what no good server does.
type wire struct {
	net.Listener
	mu    sync.Mutex
	heard []string // what was asked, in order: method and path
	bodys []string
}

// answers is what a device does with its n-th request, from 0 on, after it has read it; false: it closes the connection.
type answers func(n int, r *http.Request, conn net.Conn) bool

// played returns a device that answers in a way.
func played(t testing.TB, answer answers) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	var all sync.WaitGroup
	ended, end := context.WithCancel(context.Background())
	t.Cleanup(func() {
		end()
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ended, func() { _ = conn.Close() })()
				w.serve(conn, answer)
			})
		}
	})
	return w
}

func (w *wire) serve(conn net.Conn, answer answers) {
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body := make([]byte, max(r.ContentLength, 0))
		for n := 0; n < len(body); {
			more, err := r.Body.Read(body[n:])
			if n += more; err != nil && n < len(body) {
				return
			}
		}
		w.mu.Lock()
		n := len(w.heard)
		w.heard, w.bodys = append(w.heard, r.Method+" "+r.URL.RequestURI()), append(w.bodys, string(body))
		w.mu.Unlock()
		if !answer(n, r, conn) {
			return
		}
	}
}

// asked returns what was asked.
func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.heard...)
}

func (w *wire) url() string { return "url=http://" + w.Addr().String() }

// say writes an answer with a body.
func say(conn net.Conn, status, body string) bool {
	_, err := conn.Write([]byte("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body))
	return err == nil
}

// newDriver returns a driver that reads secrets wherever a test has them.
func newDriver() *httpdev.Driver { return &httpdev.Driver{Secrets: keys.Anywhere} }
