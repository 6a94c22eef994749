package mqttd

import (
	"slices"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// hook is where the library asks. It is called by the goroutine of the connection.
type hook struct {
	mqtt.HookBase
	listener *listener
}

var hooked = []byte{
	mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnSessionEstablish, mqtt.OnSessionEstablished, mqtt.OnACLCheck, mqtt.OnPacketRead, mqtt.OnPublish, mqtt.OnPacketProcessed, mqtt.OnWill,
}

func (*hook) ID() string           { return Name }
func (*hook) Provides(b byte) bool { return slices.Contains(hooked, b) }

// linkOf returns the device's connection; nil before it has said who it is.
func linkOf(cl *mqtt.Client) *link {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return nil
	}
	return c.link.Load()
}

// OnConnect knows the device by its client id.
func (h *hook) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	s := h.listener.session(pk.Connect.ClientIdentifier)
	c, ok := cl.Net.Conn.(*conn)
	if s == nil || !ok {
		h.listener.driver.counts.refused.Add(1)
		h.listener.turnAway(short(pk.Connect.ClientIdentifier), cl.Net.Remote)
		h.listener.driver.log().Debug("unknown client refused", "client", short(pk.Connect.ClientIdentifier), "remote", cl.Net.Remote)
		_ = h.listener.server.SendConnack(cl, packets.ErrServerUnavailable, false, nil)
		return packets.ErrServerUnavailable
	}
	if most := uint16(s.at.keepalive.Seconds()); cl.State.Keepalive == 0 || cl.State.Keepalive > most {
		cl.State.Keepalive, cl.State.ServerKeepalive = most, true
	}
	c.link.Store(newLink(s, c, cl))
	return nil
}

// OnConnectAuthenticate lets in who has the device's password, in the place of who was in.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	k := linkOf(cl)
	if !k.session.knows(pk.Connect.Username, pk.Connect.Password) {
		h.listener.driver.counts.refused.Add(1)
		k.session.mistook(cl.Net.Remote)
		return false
	}
	h.listener.known(k.conn)
	return k.session.admit(k)
}

// OnSessionEstablish forgets what the library has half done of an earlier connection, so that it sends nothing again.
func (h *hook) OnSessionEstablish(cl *mqtt.Client, _ packets.Packet) {
	if earlier, ok := h.listener.server.Clients.Get(cl.ID); ok {
		earlier.ClearInflights()
	}
}

// OnSessionEstablished tells who waits for the device that it knows that it was let in. Before that it must be told nothing else.
func (h *hook) OnSessionEstablished(cl *mqtt.Client, _ packets.Packet) {
	k := linkOf(cl)
	k.greeted.Store(true)
	k.session.changed()
}

// OnACLCheck is asked about subscriptions. About messages it is asked before the library knows what to answer; OnPublish is better
// for them.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if write {
		return true
	}
	k := linkOf(cl)
	if k.session.maySubscribe(topic) && cl.State.Subscriptions.Len() < maxSubscriptions {
		return true
	}
	h.listener.driver.counts.foreign.Add(1)
	k.complain("subscription refused: not of the device, or too many", "filter", topic)
	return false
}

// OnPacketRead sees acknowledgements of what was sent: the library knows nothing of these messages, so that it never repeats one.
func (h *hook) OnPacketRead(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Type == packets.Puback {
		if k := linkOf(cl); k != nil {
			k.acknowledged(pk.PacketID, pk.ReasonCode)
		}
	}
	return pk, nil
}

// OnPublish takes a message. The library forwards and retains nothing of it.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	return pk, linkOf(cl).published(pk)
}

// OnPacketProcessed tells who waits for a subscription, when the device knows of it.
func (h *hook) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, _ error) {
	if pk.FixedHeader.Type == packets.Subscribe {
		linkOf(cl).session.changed()
	}
}

// OnWill takes what the device wanted to be said in its name when it is lost. What the library would say of it to others, and keep, is
// said where nobody can listen.
func (h *hook) OnWill(cl *mqtt.Client, will mqtt.Will) (mqtt.Will, error) {
	if k := linkOf(cl); k != nil {
		k.will(will.TopicName, will.Payload)
	}
	return mqtt.Will{TopicName: "$nobody"}, nil
}

// short is what is shown of a text that a stranger sent.
func short(text string) string { return text[:min(len(text), 80)] }
