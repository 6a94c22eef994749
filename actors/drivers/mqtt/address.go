package mqtt

import (
	"net/url"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// brokerAddress is a broker, and who we are there. Devices with the same share a connection.
type brokerAddress struct {
	url       string
	clientID  string // empty: the driver makes one
	username  string
	password  keys.Secret
	ca, cert  string // files
	key       keys.Secret
	keepalive time.Duration
}

// address is what a device's address says.
type address struct {
	broker   brokerAddress
	places   topics.Places
	qos      byte
	presence presenceAddress
	edge     *edgeAddress // nil: payloads are not Sparkplug's
}

// presenceAddress is where a device, or the broker in its name, says whether it is there. The zero value is nowhere.
type presenceAddress struct {
	topic           string
	online, offline string
	wait            time.Duration
}

// schemes are what a broker's URL may begin with, and whether that is with TLS.
var schemes = map[string]bool{"tcp": false, "mqtt": false, "ssl": true, "tls": true, "mqtts": true, "ws": false, "wss": true}

// parseAddress reads a device's address, but for its commands.
func parseAddress(k *keys.Keys, spec *roostv1.DeviceSpec) address {
	at := address{broker: parseBroker(k)}
	if at.edge = parseEdge(k); at.edge != nil {
		at.presence.wait = k.Duration("presence_wait", birthWait, 100*time.Millisecond, time.Minute)
		return at
	}
	at.places, at.qos = topics.Places{"name": spec.GetId()}, parseQoS(k, "qos", 1, 0)
	at.places["name"] = k.Text("name", spec.GetId())
	if strings.ContainsAny(at.places["name"], "+#{}") {
		k.Wrong("name", "%q has a +, #, { or }, which topics use for other things", at.places["name"])
	}
	at.places["base"] = at.places.Parse(k, "base", k.Text("base", ""), rules.Topic)
	at.presence = parsePresence(k, at.places)
	return at
}

func parseBroker(k *keys.Keys) brokerAddress {
	at := brokerAddress{
		url:       k.Needed("broker", "where the broker is, such as tcp://localhost:1883"),
		clientID:  k.Text("client_id", ""),
		username:  k.Text("username", ""),
		password:  k.Secret("password"),
		ca:        k.File("ca"),
		cert:      k.File("cert"),
		key:       k.Secret("key"),
		keepalive: k.Duration("keepalive", 15*time.Second, time.Second, 18*time.Hour),
	}
	parsed, err := url.Parse(at.url)
	secure, known := false, false
	if err == nil {
		secure, known = schemes[parsed.Scheme]
	}
	switch {
	case at.url == "":
	case !known || !keys.IsHostPort(parsed.Host):
		k.Wrong("broker", "is not scheme://host:port with one of tcp, ssl, ws and wss")
	case parsed.User != nil: // it is not repeated
		k.Wrong("broker", "has a user name in it: write that as username, and say with password where the gateway finds the password")
	case parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Path != "" && !strings.HasPrefix(parsed.Scheme, "ws"):
		k.Wrong("broker", "%q has something behind host:port", at.url)
	}
	if !secure {
		for _, key := range []string{"ca", "cert", "key"} {
			k.Unwanted(key, "is for brokers at ssl:// and wss://")
		}
	}
	if k.Has("cert") != k.Has("key") {
		k.Wrong("cert", "cert and key go together")
	}
	if k.Has("password") && !k.Has("username") {
		k.Wrong("password", "MQTT has no password without a username")
	}
	return at
}

func parsePresence(k *keys.Keys, p topics.Places) presenceAddress {
	at := presenceAddress{
		topic:   p.Parse(k, "presence", k.Text("presence", ""), rules.Topic),
		online:  k.Text("online", "online"),
		offline: k.Text("offline", "offline"),
		wait:    k.Duration("presence_wait", time.Second, 0, time.Minute),
	}
	if !k.Has("presence") {
		for _, key := range []string{"online", "offline", "presence_wait"} {
			k.Unwanted(key, "is of presence, and there is none")
		}
	} else if at.online == at.offline {
		k.Wrong("offline", "is the same as online")
	}
	return at
}

// parseQoS returns how surely messages come.
func parseQoS(k *keys.Keys, key string, otherwise, from byte) byte {
	return byte(k.Int(key, int(otherwise), int(from), 2))
}
