package httpdev

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxHeader is how long the headers of an answer may be, in bytes.
	maxHeader = 64 << 10
	// maxHops is how many redirects of a read are followed.
	maxHops = 3
	// idle is for how long a connection for reads is kept that is not used.
	idle = 90 * time.Second
)

// client speaks with one device.
type client struct {
	headers http.Header // of every request
	veil    keys.Veil
	login   *login // with digest authentication; nil: it is in the headers
	reads   *http.Client
	tls     *tls.Config
	ended   context.Context // ends with the session, and with it whatever is on its way
	end     context.CancelFunc
}

// newClient reads the secrets and makes what is needed to speak with the device. Nothing is said yet.
func newClient(at *address) (*client, error) {
	c := &client{headers: http.Header{"User-Agent": {"roost"}, "Accept": {"application/json, */*;q=0.8"}}}
	if err := c.readSecrets(at); err != nil {
		return nil, err
	}
	if at.https {
		var err error
		if c.tls, err = tlsOf(at); err != nil {
			return nil, err
		}
	}
	c.ended, c.end = context.WithCancel(context.Background())
	transport := c.transport()
	transport.IdleConnTimeout, transport.MaxIdleConnsPerHost = idle, 1
	c.reads = &http.Client{Transport: transport, CheckRedirect: sameHost}
	if c.login != nil {
		c.reads.Transport = digesting{transport, c.login}
	}
	return c, nil
}

// transport is one that keeps no more than its caller lets it.
func (c *client) transport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext: c.dial, TLSClientConfig: c.tls, Protocols: protocols, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
	}
}

func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	return new(net.Dialer).DialContext(ctx, network, address)
}

// close ends what is on its way, and what is kept.
func (c *client) close() {
	c.end()
	c.reads.CloseIdleConnections()
}

// request returns a request with the headers of all.
func (c *client) request(ctx context.Context, method, url string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, unwrapURL(err)
	}
	r.Header = c.headers.Clone()
	return r, nil
}

// readSecrets puts the secrets into the headers.
func (c *client) readSecrets(at *address) error {
	var secrets []string
	read := func(s keys.Secret) (string, error) {
		text, err := s.Read()
		secrets = append(secrets, text)
		return text, err
	}
	for name, value := range at.headers {
		c.headers.Set(name, value)
	}
	for name, s := range at.secrets {
		text, err := read(s)
		if err != nil {
			return err
		}
		c.headers.Set(name, text)
	}
	password, err := read(at.password)
	if err != nil {
		return err
	}
	token, err := read(at.token)
	if err != nil {
		return err
	}
	switch r := (http.Request{Header: c.headers}); {
	case at.digest:
		c.login = &login{username: at.username, password: password}
	case at.username != "":
		r.SetBasicAuth(at.username, password)
		secrets = append(secrets, strings.TrimPrefix(c.headers.Get("Authorization"), "Basic "))
	case token != "":
		c.headers.Set("Authorization", "Bearer "+token)
	}
	c.veil = keys.VeilOf(secrets...)
	return nil
}

// tlsOf returns how the device proves who it is, and how we do.
func tlsOf(at *address) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if at.ca != "" {
		text, err := keys.ReadFile(at.ca)
		if err != nil {
			return nil, fmt.Errorf("read the authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no certificate in %s: it is to have those of the authorities, in PEM", at.ca)
		}
	}
	if at.pin != nil {
		config.InsecureSkipVerify = true // VerifyConnection does it
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(at.pin, state.PeerCertificates) }
	}
	if at.cert.Given() {
		cert, err := at.cert.Read()
		if err != nil {
			return nil, err
		}
		key, err := at.key.Read()
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			return nil, fmt.Errorf("our certificate %s with the key %s: %w", at.cert, at.key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func checkPin(pin []byte, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the device has no certificate")
	}
	if got := sha256.Sum256(chain[0].Raw); !bytes.Equal(got[:], pin) {
		return fmt.Errorf("the device's certificate is another one than is pinned: its SHA-256 is %x", got)
	}
	return nil
}

// sameHost follows redirects of reads a few times, and to nobody else: secrets go with every request.
func sameHost(r *http.Request, via []*http.Request) error {
	switch first := via[0].URL; {
	case len(via) > maxHops:
		return fmt.Errorf("it redirects more than %d times", maxHops)
	case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
		return fmt.Errorf("it redirects to %s, and only redirects at the same host are followed", (&url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}))
	}
	return nil
}
