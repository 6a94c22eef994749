package findmqtt

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Config says where to listen.
type Config struct {
	// Keys are those of an address of the driver: broker, username, password and so on.
	Keys map[string]string
	// Topics to listen to; # is all.
	Topics []string
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

const (
	connectTimeout = 10 * time.Second
	farewell       = 100 // milliseconds that the broker is given to take our leave
	refused        = 0x80
)

// Listen listens at a broker until ctx ends, and returns what it has heard, and how much. The error says why it could not listen, or not to the end.
func Listen(ctx context.Context, c Config) (*Heard, discover.Progress, error) {
	heard := &Heard{}
	tally := discover.NewTally(0, "messages", c.Tell)
	l := listener{heard: heard, tally: tally, lost: make(chan error, 1)}
	options, err := l.options(c.Keys)
	if err == nil {
		err = l.listen(ctx, paho.NewClient(options), c.Topics)
	}
	return heard, tally.Progress(), err
}

// listener is one run of Listen.
type listener struct {
	heard *Heard
	tally *discover.Tally
	lost  chan error // holds why the connection was lost

	mu    sync.Mutex
	ended bool // nothing is told any more
}

func (l *listener) options(given map[string]string) (*paho.ClientOptions, error) {
	k := keys.OfAddress(driver, &roostv1.DeviceSpec{Address: given})
	broker, user, id := k.Needed("broker", "where the broker is, such as tcp://localhost:1883"), k.Text("username", ""), k.Text("client_id", "")
	password, ca, cert, key := k.Secret("password"), k.Text("ca", ""), k.Text("cert", ""), k.Secret("key")
	if err := k.Problems().Err(); err != nil {
		return nil, err
	}
	secret, err := password.Read()
	if err != nil {
		return nil, err
	}
	config, err := secure(ca, cert, key)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = "roost-" + rand.Text()[:12]
	}
	o := paho.NewClientOptions().AddBroker(broker).SetClientID(id).SetUsername(user).SetPassword(secret).SetTLSConfig(config)
	o.SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(connectTimeout).SetProtocolVersion(4)
	o.SetConnectionLostHandler(func(_ paho.Client, err error) { l.lost <- err })
	return o, nil
}

func secure(ca, cert string, key keys.Secret) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("read the broker's authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("there is no certificate in %s", ca)
		}
	}
	if cert == "" {
		return config, nil
	}
	pem, err := os.ReadFile(cert)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	secret, err := key.Read()
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(pem, []byte(secret))
	if err != nil {
		return nil, fmt.Errorf("the certificate %s with its key in %s: %w", cert, key, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func (l *listener) listen(ctx context.Context, client paho.Client, topics []string) error {
	defer func() {
		client.Disconnect(farewell)
		l.mu.Lock()
		l.ended = true
		l.mu.Unlock()
	}()
	if err := l.wait(ctx, client.Connect()); err != nil {
		return roostv1.Errorf(roostv1.ErrUnavailable, "connect to the broker: %v", err)
	}
	filters := map[string]byte{}
	for _, t := range topics {
		filters[t] = 0
	}
	token := client.SubscribeMultiple(filters, func(_ paho.Client, m paho.Message) { l.hear(m) })
	if err := l.wait(ctx, token); err != nil {
		return roostv1.Errorf(roostv1.ErrUnavailable, "listen to %q: %v", topics, err)
	}
	for topic, qos := range token.(*paho.SubscribeToken).Result() {
		if qos == refused {
			return roostv1.Errorf(roostv1.ErrPermission, "the broker does not let us listen to %q", topic)
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-l.lost:
		return roostv1.Errorf(roostv1.ErrUnavailable, "the connection to the broker was lost: %v", err)
	}
}

// wait waits until something is done, or cannot be.
func (l *listener) wait(ctx context.Context, token paho.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case err := <-l.lost:
		return err
	case <-ctx.Done():
		return errors.New("the time is over")
	}
}

// hear takes a message. One that comes when all is over is not told.
func (l *listener) hear(m paho.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	if l.heard.Add(m.Topic(), m.Payload(), m.Retained()) {
		l.tally.Found("")
	}
	l.tally.Step(1)
}
