package mqttd

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors/drivers/topics"
)

// maxSubscriptions is how many filters a device may subscribe to.
const maxSubscriptions = 32

var errTakenOver = errors.New("the device has dialled in anew")

// link is one connection of a device. It is known to its session from when the device is let in until it has ended.
type link struct {
	session *session
	conn    *conn
	client  *mqtt.Client
	since   time.Time
	done    chan struct{} // closed when it has ended, and its goroutines with it
	queue   chan *arrival
	worker  sync.WaitGroup
	greeted atomic.Bool // the device knows that it was let in
	told    atomic.Bool // that the device does what it may not
	parted  atomic.Bool // the gateway ends it: the device is not lost, and its last will is not taken

	mu     sync.Mutex
	lastID uint16
	orders map[uint16]chan byte // what was sent and is not acknowledged
}

func newLink(s *session, c *conn, cl *mqtt.Client) *link {
	return &link{
		session: s, conn: c, client: cl, since: time.Now(),
		done: make(chan struct{}), queue: make(chan *arrival, maxBacklog), orders: make(map[uint16]chan byte),
	}
}

// begin starts what a device that was let in needs.
func (k *link) begin() { k.worker.Go(k.work) }

// ended is called when the library has ended the connection.
func (k *link) ended() {
	k.worker.Wait()
	close(k.done)
	k.session.lost(k)
}

// part ends the connection because the gateway wants that. The device is told why while ctx lives, if its MQTT has a word for that.
func (k *link) part(ctx context.Context, code packets.Code, why error) {
	k.parted.Store(true)
	if ctx.Err() == nil && k.client.Properties.ProtocolVersion >= 5 {
		stop := context.AfterFunc(ctx, func() { k.conn.cut(why) }) // it may take nothing
		_ = k.session.listener.server.DisconnectClient(k.client, code)
		stop()
	}
	k.conn.cut(why)
}

// complain logs that the device does what it may not: as a warning once on a connection, since it may do so all the time.
func (k *link) complain(what, key, value string) {
	level := slog.LevelWarn
	if k.told.Swap(true) {
		level = slog.LevelDebug
	}
	k.session.driver.log().Log(k.conn.ctx, level, what, "device", k.session.device, key, short(value))
}

// subscribed returns with which QoS the device has asked for messages with a topic; false if it has not.
func (k *link) subscribed(topic string) (byte, bool) {
	var qos []byte
	if !k.greeted.Load() {
		return 0, false
	}
	for filter, s := range k.client.State.Subscriptions.GetAll() {
		if topics.Match(filter, topic) {
			qos = append(qos, s.Qos)
		}
	}
	if len(qos) == 0 {
		return 0, false
	}
	return slices.Max(qos), true
}
