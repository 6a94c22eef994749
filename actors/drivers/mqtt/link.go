package mqtt

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// connectTimeout is how long it may take to connect.
	connectTimeout = 10 * time.Second
	// handTimeout is how long a packet may wait for the one before it to be written.
	handTimeout = time.Second
	// farewell is how long a broker is given to take our DISCONNECT.
	farewell = 250 * time.Millisecond
)

// never is the time after which the library takes a broker for dead: that is not its business.
const never = 100 * 365 * 24 * time.Hour

var errLeft = errors.New("the connection was ended, as no device needs it any more")

// link is one connection to a broker. It lives once: when it is lost its sessions fail, and those that come after them make another.
// So nothing is ever sent again, and no subscription is thought to be there that is not.
type link struct {
	at    brokerAddress
	name  string
	users int // guarded by the driver's mu

	cancel context.CancelFunc // ends connecting
	ready  chan struct{}      // closed when connecting has ended, one way or the other
	lost   chan struct{}      // closed when nothing can be done with it any more
	ending sync.Once
	err    error // why it was lost; read it after lost was closed

	client paho.Client // client and conn are set when ready is closed, unless lost is
	conn   *guard
	turn   chan struct{} // held by the publication that is being sent
	routes routes
	asking sync.Mutex // held while subscriptions, or their ends, are given to the library: they go out in this order
	acks   acks
	alive  alive
	crowd  crowd
	edges  edges // of Sparkplug
}

func newLink(at brokerAddress, clientID string) *link {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	l := &link{
		at: at, name: at.url, cancel: cancel, ready: make(chan struct{}), lost: make(chan struct{}), turn: make(chan struct{}, 1),
	}
	l.alive.began = time.Now()
	l.acks.wake = make(chan struct{}, 1)
	go l.connect(ctx, at, clientID)
	return l
}

func (l *link) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// end makes the link useless, once.
func (l *link) end(why error) {
	l.ending.Do(func() {
		l.err = why
		close(l.lost)
	})
}

// connect dials the broker and greets it. It closes ready.
func (l *link) connect(ctx context.Context, at brokerAddress, clientID string) {
	defer l.cancel()
	defer close(l.ready)
	err := l.greet(ctx, at, clientID)
	if err != nil {
		l.end(roostv1.Errorf(codeOf(err), "connect to %s: %v", l.name, err))
		return
	}
	go l.acks.run(l.conn, l.lost)
	go l.ask(at.keepalive)
}

func (l *link) greet(ctx context.Context, at brokerAddress, clientID string) error {
	password, err := at.password.Read()
	if err != nil {
		return err
	}
	conn, err := dial(ctx, at)
	if err != nil {
		return err
	}
	l.conn = newGuard(conn, l)
	l.client = paho.NewClient(l.options(at, clientID, password))
	token := l.client.Connect()
	select {
	case <-token.Done():
	case <-ctx.Done():
		l.conn.cut(context.Cause(ctx))
		<-token.Done()
	}
	if err := token.Error(); err != nil {
		l.conn.cut(err)
		return err
	}
	return nil
}

// options sets the library up to do as little as it can by itself: it does not connect again, and keeps nothing to send again.
func (l *link) options(at brokerAddress, clientID, password string) *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.AddBroker("tcp://broker") // never dialled: the connection is there
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return l.conn, nil })
	o.SetProtocolVersion(4)
	o.SetClientID(clientID)
	o.SetUsername(at.username)
	o.SetPassword(password)
	o.SetCleanSession(true)
	o.SetAutoReconnect(false)
	o.SetConnectRetry(false)
	o.SetResumeSubs(false)
	o.SetStore(forgetful{})
	o.SetAutoAckDisabled(true)
	o.SetConnectTimeout(connectTimeout)
	o.SetWriteTimeout(handTimeout)
	o.SetKeepAlive(at.keepalive)
	o.SetPingTimeout(never)
	o.SetConnectionLostHandler(func(_ paho.Client, err error) {
		l.end(roostv1.Errorf(roostv1.ErrOffline, "the connection to %s was lost: %v", l.name, err))
	})
	return o
}

// codeOf is what it means that there is no connection.
func codeOf(err error) roostv1.Code {
	if errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword) || errors.Is(err, packets.ErrorRefusedNotAuthorised) || errors.Is(err, roostv1.ErrPermission) {
		return roostv1.ErrPermission
	}
	return roostv1.ErrOffline
}

// close ends the link. A broker is told only while ctx lives.
func (l *link) close(ctx context.Context) {
	l.cancel()
	<-l.ready
	if l.isLost() {
		return
	}
	if ctx.Err() == nil {
		wait := farewell
		if deadline, has := ctx.Deadline(); has {
			wait = min(wait, time.Until(deadline))
		}
		said := make(chan struct{})
		go func() {
			defer close(said)
			l.client.Disconnect(uint(max(wait, 0) / time.Millisecond)) // it knows of no context
		}()
		select {
		case <-said:
		case <-ctx.Done():
		}
	}
	l.end(errLeft)
	l.conn.cut(errLeft)
}
