package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// dial opens the way to a broker, without a word of MQTT.
func dial(ctx context.Context, at brokerAddress) (net.Conn, error) {
	to, err := url.Parse(at.url)
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if schemes[to.Scheme] {
		if secure, err = at.tls(to.Hostname()); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(to.Scheme, "ws") {
		return dialWeb(ctx, at.url, secure)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", to.Host)
	if err != nil || secure == nil {
		return conn, err
	}
	over := tls.Client(conn, secure)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", to.Host, err)
	}
	return over, nil
}

// dialWeb opens a web socket. The library takes a time for that, and no context.
func dialWeb(ctx context.Context, to string, secure *tls.Config) (net.Conn, error) {
	type dialled struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialled, 1)
	limit := connectTimeout
	if deadline, has := ctx.Deadline(); has {
		limit = min(limit, max(time.Until(deadline), time.Millisecond))
	}
	go func() {
		conn, err := paho.NewWebsocket(to, secure, limit, nil, nil)
		done <- dialled{conn, err}
	}()
	select {
	case d := <-done:
		return d.conn, d.err
	case <-ctx.Done():
	}
	go func() {
		if d := <-done; d.err == nil {
			_ = d.conn.Close()
		}
	}()
	return nil, context.Cause(ctx)
}

// tls reads what a broker is checked by and what we show it, anew each time.
func (at brokerAddress) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if at.ca != "" {
		pem, err := keys.ReadFile(at.ca)
		if err != nil {
			return nil, fmt.Errorf("read the broker's authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the broker's authority: there is no certificate in %s", at.ca)
		}
	}
	if at.cert == "" {
		return config, nil
	}
	cert, err := keys.ReadFile(at.cert)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	key, err := at.key.Read()
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, []byte(key))
	if err != nil {
		return nil, fmt.Errorf("the certificate %s with its key in %s: %w", at.cert, at.key, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
