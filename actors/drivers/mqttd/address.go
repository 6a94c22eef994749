package mqttd

import (
	"net"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// listenAddress is where devices dial in, and with which certificate. Devices with the same one share a listener.
type listenAddress struct {
	at   string
	cert string // a file; empty: no TLS
	key  keys.Secret
}

// address is what a device's address says.
type address struct {
	listen    listenAddress
	client    string
	username  string
	password  keys.Secret
	places    topics.Places
	keepalive time.Duration
	away      time.Duration
	sleepy    bool
}

// clientID is what a device may call itself. Others may be meant for MQTT, and would be topics and lines of logs as well.
var clientID = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

// parseAddress reads a device's address, but for its commands.
func parseAddress(k *keys.Keys, spec *roostv1.DeviceSpec) address {
	at := address{
		listen:    parseListen(k),
		client:    k.Text("client", spec.GetId()),
		username:  k.Text("username", ""),
		password:  k.Secret("password"),
		places:    topics.Places{"name": k.Text("name", spec.GetId())},
		keepalive: k.Duration("keepalive", 5*time.Minute, time.Second, 12*time.Hour),
		away:      k.Duration("away", 10*time.Second, 0, roostv1.MaxInterval),
		sleepy:    k.Bool("sleepy"),
	}
	if !clientID.MatchString(at.client) {
		k.Wrong("client", "%.80q is not a client id of 1 to 128 letters, digits, _, ., : and -", at.client)
	}
	if strings.ContainsAny(at.places["name"], "+#{}/") {
		k.Wrong("name", "%q has a +, #, /, { or }, which topics use for other things", at.places["name"])
	}
	at.places["base"] = at.places.Parse(k, "base", k.Text("base", ""), rules.Topic)
	if at.sleepy {
		k.Unwanted("away", "a sleepy device may be away for any time")
	}
	if k.Has("password") != k.Has("username") {
		k.Wrong("password", "username and password go together")
	}
	if !k.Has("password") && at.listen.at != "" && !isLoopback(at.listen.at) {
		k.Wrong("password", "is needed, and username: %s can be reached from other machines", at.listen.at)
	}
	return at
}

func parseListen(k *keys.Keys) listenAddress {
	k.Needed("listen", "where devices dial in, such as 192.168.1.5:1883 or 0.0.0.0:8883")
	l := listenAddress{at: k.HostPort("listen"), cert: k.File("cert"), key: k.Secret("key")}
	if host, _, err := net.SplitHostPort(l.at); err == nil && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			k.Wrong("listen", "%q is neither an IP address of the gateway nor localhost", host)
		}
	}
	if k.Has("cert") != k.Has("key") {
		k.Wrong("cert", "cert and key go together")
	}
	return l
}

// isLoopback tells whether only this machine can dial an address.
func isLoopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
