package mqtt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/answer"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "mqtt"

// Driver opens sessions with devices at MQTT brokers. It must not be copied after first use.
type Driver struct {
	// Gateway is the id of the gateway that the driver works for; brokers are shown it. It may be empty.
	Gateway string
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places

	desks    answer.Desks[desk]
	rebirths rebirths

	mu    sync.Mutex
	nonce []byte // of this driver, for client ids that no other has
	links map[brokerAddress]*link
	lost  map[string]int64 // readings that sessions left behind, by device, for the next one to declare
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Pusher   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
)

// plan is all that is said of a device.
type plan struct {
	at       address
	entries  []*entry
	commands map[string]*command
}

func parse(d actors.Device, secrets *keys.Places) (plan, error) {
	if d.Spec == nil || d.Profile == nil {
		return plan{}, roostv1.Errorf(roostv1.ErrInvalid, "the mqtt driver needs a device and its profile")
	}
	k := keys.OfAddress(Name, d.Spec).From(secrets)
	at := parseAddress(k, d.Spec)
	entries, flaws := parseEntries(d.Profile, at)
	commands, more := parseCommands(k, d.Profile, at)
	problems := append(k.Problems(), flaws...)
	return plan{at: at, entries: entries, commands: commands}, append(problems, more...).Err()
}

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	_, err := parse(d, nil)
	return err
}

// Open connects to the broker, unless there is a connection to share, and subscribes. The error is ErrOffline if there is no
// connection, or if the device's presence says that it is away, and ErrPermission if the broker refuses us.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	return s, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (*session, error) {
	p, err := parse(device, d.Secrets)
	if err != nil {
		return nil, err
	}
	l, err := d.join(ctx, p.at.broker)
	if err != nil {
		return nil, err
	}
	s := newSession(d, l, device.Spec.GetId(), p)
	if err := s.begin(ctx); err != nil {
		s.end(ctx)
		return nil, err
	}
	s.inbox.lost.Add(d.takeLost(s.device))
	return s, nil
}

// join returns the link to a broker, connected. It is released by leave.
func (d *Driver) join(ctx context.Context, at brokerAddress) (*link, error) {
	l, err := d.reserve(at)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.ready:
		if !l.isLost() {
			return l, nil
		}
		err = l.err
	case <-ctx.Done():
		err = fmt.Errorf("connect to %s: %w", at.url, context.Cause(ctx))
	}
	d.leave(ctx, l)
	return nil, err
}

func (d *Driver) reserve(at brokerAddress) (*link, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for other, l := range d.links {
		if at.clientID != "" && other.clientID == at.clientID && other.url == at.url && other != at && !l.isLost() {
			return nil, roostv1.Errorf(roostv1.ErrInvalid,
				"client_id %s is in use at %s with other settings: devices with the same one need the same user, certificate and keepalive", at.clientID, at.url)
		}
	}
	l := d.links[at]
	if l == nil || l.isLost() {
		if d.links == nil {
			d.links = make(map[brokerAddress]*link)
		}
		l = newLink(at, d.clientIDLocked(at))
		d.links[at] = l
	}
	l.users++
	return l, nil
}

// leave gives a link back; the last one ends it.
func (d *Driver) leave(ctx context.Context, l *link) {
	d.mu.Lock()
	l.users--
	last := l.users == 0
	if last && d.links[l.at] == l {
		delete(d.links, l.at)
	}
	d.mu.Unlock()
	if last {
		l.close(ctx)
	}
}

// clientIDLocked returns who we are for a broker. Two with the same id would take the connection from each other for ever, so the
// one that is made has the gateway's name in it, for people, and a part that no other driver has.
func (d *Driver) clientIDLocked(at brokerAddress) string {
	if at.clientID != "" {
		return strings.ReplaceAll(at.clientID, "{gateway}", d.Gateway)
	}
	if d.nonce == nil {
		d.nonce = make([]byte, 16)
		_, _ = rand.Read(d.nonce) // it never fails
	}
	sum := sha256.Sum256(fmt.Appendf(d.nonce, "%+v", at))
	return strings.TrimSuffix("roost-"+d.Gateway, "-") + "-" + hex.EncodeToString(sum[:6])
}

// leftBehind notes readings that a session had and that were not stored when it ended.
func (d *Driver) leftBehind(device string, readings int64) {
	if readings == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost == nil {
		d.lost = make(map[string]int64)
	}
	d.lost[device] += readings
}

func (d *Driver) takeLost(device string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	readings := d.lost[device]
	delete(d.lost, device)
	return readings
}
