package httpdev

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/icholy/digest"
)

// login logs in with digest authentication, RFC 7616: it answers the challenge that came last with each request, until another one comes. Nil
// does nothing. It may be used by any number of goroutines.
type login struct {
	username, password string

	mu    sync.Mutex
	last  *digest.Challenge // nil: none came yet
	count int               // requests that were signed with its nonce
}

// maxDrained is how much of an answer that asks who we are is read, so that its connection can be used again.
const maxDrained = 16 << 10

// algorithms are those that are answered, the better ones first. They are compared in capitals; RFC 2617 had one, and no name for it.
var algorithms = []string{"SHA-512-256", "SHA-256", "MD5", ""}

// sign puts into a request who we are, if the device has asked before, and returns the nonce for which that holds.
func (l *login) sign(r *http.Request) (nonce string, err error) {
	if l == nil {
		return "", nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		return "", nil
	}
	l.count++
	answer, err := digest.Digest(l.last, digest.Options{
		Method: r.Method, URI: r.URL.RequestURI(), Count: l.count, Username: l.username, Password: l.password,
	})
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", answer.String())
	return l.last.Nonce, nil
}

// asked tells whether an answer says that the request was refused for want of the right credentials, and asks for others than it had: those
// for the nonce that it was signed with. The request can then be sent once more, since it had no effect.
func (l *login) asked(answer *http.Response, nonce string) bool {
	if l == nil || answer.StatusCode != http.StatusUnauthorized {
		return false
	}
	best := best(answer.Header)
	if best == nil || best.Nonce == nonce && !best.Stale {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || l.last.Nonce != best.Nonce {
		l.last, l.count = best, 0
	}
	return true
}

// best returns the challenge with the best algorithm, of those that can be answered; nil if there is none.
func best(h http.Header) (chosen *digest.Challenge) {
	rank := len(algorithms)
	for _, text := range h.Values("WWW-Authenticate") {
		c, err := parseChallenge(text)
		if err != nil || c.Nonce == "" || len(c.QOP) > 0 && !c.SupportsQOP("auth") {
			continue
		}
		if at := slices.Index(algorithms, strings.ToUpper(c.Algorithm)); at >= 0 && at < rank {
			chosen, rank = c, at
		}
	}
	return chosen
}

func parseChallenge(text string) (*digest.Challenge, error) {
	c, err := digest.ParseChallenge(text)
	if err != nil {
		return nil, err
	}
	for i := range c.QOP { // which the library cuts at commas only
		c.QOP[i] = strings.ToLower(strings.TrimSpace(c.QOP[i]))
	}
	return c, nil
}

// digesting is a way for reads on which we log in.
type digesting struct {
	*http.Transport
	login *login
}

// RoundTrip sends a request that has no body, and once more if it is asked who we are.
func (t digesting) RoundTrip(r *http.Request) (*http.Response, error) {
	first := r.Clone(r.Context())
	nonce, err := t.login.sign(first)
	if err != nil {
		return nil, err
	}
	answer, err := t.Transport.RoundTrip(first)
	if err != nil || !t.login.asked(answer, nonce) {
		return answer, err
	}
	_, _ = io.CopyN(io.Discard, answer.Body, maxDrained)
	_ = answer.Body.Close()
	second := r.Clone(r.Context())
	if _, err := t.login.sign(second); err != nil {
		return nil, err
	}
	return t.Transport.RoundTrip(second)
}
