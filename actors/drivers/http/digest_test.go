package httpdev_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// asking is a device that asks who one is with the challenges that it is given, one after the other, and the last one for ever.
type asking struct {
	*wire
	mu     sync.Mutex
	signed []string // the Authorization of each request
}

// ask says no with some challenges.
func ask(conn net.Conn, challenges ...string) bool {
	answer := "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
	for _, c := range challenges {
		answer += "WWW-Authenticate: " + c + "\r\n"
	}
	_, err := conn.Write([]byte(answer + "\r\n"))
	return err == nil
}

func (a *asking) told() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.signed)
}

// startAsking returns a device that takes what is signed for one of these nonces, in this order, and asks for the next one when the requests of
// the present one are used up.
func startAsking(t *testing.T, each int, nonces ...string) *asking {
	t.Helper()
	a := &asking{}
	used := 0
	a.wire = played(t, func(n int, r *http.Request, conn net.Conn) bool {
		a.mu.Lock()
		a.signed = append(a.signed, r.Header.Get("Authorization"))
		good := len(nonces) > 0 && strings.Contains(r.Header.Get("Authorization"), `nonce="`+nonces[0]+`"`)
		if good && used == each {
			good, used, nonces = false, 0, nonces[1:]
		}
		nonce := "none"
		if len(nonces) > 0 {
			nonce = nonces[0]
		}
		if good {
			used++
		}
		a.mu.Unlock()
		if good {
			return say(conn, "200 OK", "7")
		}
		return ask(conn, fmt.Sprintf(`Digest realm="r", nonce="%s", stale=TRUE, qop="auth-int, auth", algorithm=MD5`, nonce), `Basic realm="r"`)
	})
	return a
}

func digestDevice(t *testing.T, w *wire, more string, resources ...*roostv1.Resource) actors.Device {
	t.Helper()
	t.Setenv("ROOST_TEST_PASSWORD", "hunter2")
	return device(w.url()+"; username=roost; password=env:ROOST_TEST_PASSWORD; "+more, resources...)
}

// TestDigest: a challenge is answered until there is another one, and a write that is refused with one is sent once more.
func TestDigest(t *testing.T) {
	a := startAsking(t, 3, "one", "two")
	s := opened(t, digestDevice(t, a.wire, "auth=digest", resource("level", isUint, both, "path=/level; write_path=/set?to={value}")))
	wantValues(t, s, map[string]string{"level": "7"})
	for range 2 {
		if err := actuate(t.Context(), s, write("level", roostv1.Uint(5))); err != nil {
			t.Fatal(err)
		}
	}
	wantValues(t, s, map[string]string{"level": "7"})
	want := []string{"GET /level", "GET /level", "GET /level", "POST /set?to=5", "POST /set?to=5", "POST /set?to=5", "GET /level"}
	if got := a.asked(); !slices.Equal(got, want) {
		t.Errorf("the device was asked %v, want %v", got, want)
	}
	for i, words := range [][]string{
		nil, {`nonce="one"`, "nc=00000001", `uri="/level"`}, {`nonce="one"`, "nc=00000002"}, {`nonce="one"`, "nc=00000003", `uri="/set?to=5"`},
		{`nonce="one"`, "nc=00000004"}, {`nonce="two"`, "nc=00000001", "qop=auth,"}, {`nonce="two"`, "nc=00000002"},
	} {
		got := a.told()[i]
		if (words == nil) != (got == "") || strings.Contains(got, "hunter2") || got != "" && !strings.HasPrefix(got, "Digest ") {
			t.Errorf("request %d was signed with %q", i, got)
		}
		for _, word := range words {
			if !strings.Contains(got, word) {
				t.Errorf("request %d was signed with %q, want %s", i, got, word)
			}
		}
	}
}

// TestDigestRefused: what is refused after it was asked who we are is refused, and is not sent a third time; nor a second time where the
// challenge cannot be answered, was answered, or is not to be.
func TestDigestRefused(t *testing.T) {
	tests := map[string]struct {
		auth       string
		challenges func(n int) []string
		sent       int
	}{
		"another challenge each time": {"auth=digest", func(n int) []string { return []string{fmt.Sprintf(`Digest realm="r", nonce="n%d", qop="auth"`, n)} }, 2},
		"the same challenge":          {"auth=digest", func(int) []string { return []string{`Digest realm="r", nonce="n", qop="auth"`} }, 2},
		"for ever stale":              {"auth=digest", func(int) []string { return []string{`Digest realm="r", nonce="n", qop="auth", stale=true`} }, 2},
		"no challenge":                {"auth=digest", func(int) []string { return nil }, 1},
		"an unknown algorithm":        {"auth=digest", func(int) []string { return []string{`Digest realm="r", nonce="n", algorithm=SHA-1`} }, 1},
		"only with the body":          {"auth=digest", func(int) []string { return []string{`Digest realm="r", nonce="n", qop="auth-int"`} }, 1},
		"no nonce":                    {"auth=digest", func(int) []string { return []string{`Digest realm="r"`, `Digest`, `Digest "`, `Digest ,,,=`} }, 1},
		"basic is wanted":             {"auth=digest", func(int) []string { return []string{`Basic realm="r"`} }, 1},
		"basic is meant":              {"auth=basic", func(int) []string { return []string{`Digest realm="r", nonce="n", qop="auth"`} }, 1},
		"done by a 401":               {"auth=digest; done=401", func(int) []string { return []string{`Digest realm="r", nonce="n", qop="auth"`} }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := played(t, func(n int, _ *http.Request, conn net.Conn) bool { return ask(conn, tt.challenges(n)...) })
			s := opened(t, digestDevice(t, w, tt.auth, resource("level", isUint, writeOnly, "write_path=/set")))
			var want error = actors.ErrRefused
			if strings.Contains(tt.auth, "done") {
				want = nil
			}
			wantOutcome(t, "a write", actuate(t.Context(), s, write("level", roostv1.Uint(5))), want)
			if got := w.asked(); len(got) != tt.sent {
				t.Errorf("it was sent %d times, want %d", len(got), tt.sent)
			}
		})
	}
}

// TestDigestTakesTheBest: of several challenges the one with the best algorithm is answered, wherever it stands.
func TestDigestTakesTheBest(t *testing.T) {
	challenges := []string{
		`Digest realm="r", nonce="n", qop="auth", algorithm=MD5`, `Digest realm="r", nonce="n", qop="auth", algorithm=sha-256`,
		`Digest realm="r", nonce="n", qop="auth", algorithm=SHA-512`, `Digest realm="r", nonce="n", qop="auth"`,
	}
	signed := make(chan string, 1)
	w := played(t, func(n int, r *http.Request, conn net.Conn) bool {
		if n == 0 {
			return ask(conn, challenges...)
		}
		signed <- r.Header.Get("Authorization")
		return say(conn, "200 OK", "")
	})
	s := opened(t, digestDevice(t, w, "auth=digest", resource("level", isUint, writeOnly, "write_path=/set")))
	if err := actuate(t.Context(), s, write("level", roostv1.Uint(5))); err != nil {
		t.Fatal(err)
	}
	if got := <-signed; !strings.Contains(got, "algorithm=sha-256") {
		t.Errorf("signed with %q", got)
	}
}

// TestDigestUnknown: a write that was asked who we are and then gets no answer may have been done.
func TestDigestUnknown(t *testing.T) {
	w := played(t, func(n int, _ *http.Request, conn net.Conn) bool {
		return n == 0 && ask(conn, `Digest realm="r", nonce="n", qop="auth"`)
	})
	s := opened(t, digestDevice(t, w, "auth=digest", resource("level", isUint, writeOnly, "write_path=/set")))
	wantOutcome(t, "a write", actuate(t.Context(), s, write("level", roostv1.Uint(5))), errUnknown)
	if got := w.asked(); len(got) != 2 {
		t.Errorf("it was sent %d times, want 2", len(got))
	}
}
