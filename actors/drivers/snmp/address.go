package snmp

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	agentPort      = "161"
	defaultReply   = time.Second
	maxReply       = time.Minute
	defaultRetries = 1
	maxRetries     = 10
	defaultMost    = 20
	maxMost        = 128
	maxName        = 32 // octets of the name of a user or of a context, by RFC 3411
)

// address is a device's address, read.
type address struct {
	agent              string // host:port
	version            gosnmp.SnmpVersion
	community, writing keys.Secret // of versions 1 and 2c
	user               user        // of version 3
	context            string
	reply              time.Duration
	retries, most      int
	traps              string // where agents send to; empty: nowhere
	trapping           keys.Secret
}

// user is who asks, in version 3.
type user struct {
	name                    string
	auth                    gosnmp.SnmpV3AuthProtocol
	privacy                 gosnmp.SnmpV3PrivProtocol
	password, privacySecret keys.Secret
}

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec, secrets *keys.Places) (address, roostv1.Problems) {
	k := keys.OfAddress(Name, spec).From(secrets)
	a := address{agent: agentOf(k), version: versions[k.Word("version", "2c", "1", "2c", "3")]}
	if a.version == gosnmp.Version3 {
		a.user, a.context = userOf(k), shortName(k, "context", k.Text("context", ""))
		unwanted(k, "is for versions 1 and 2c, and the device has version 3", "community", "write_community", "trap_community")
	} else {
		a.community, a.writing, a.trapping = k.Secret("community"), k.Secret("write_community"), k.Secret("trap_community")
		unwanted(k, "is for version 3, and the device has another one: say version: \"3\"",
			"user", "auth", "auth_password", "privacy", "privacy_password", "context")
	}
	a.reply = k.Duration("reply", defaultReply, time.Millisecond, maxReply)
	a.retries = k.Int("retries", defaultRetries, 0, maxRetries)
	a.most = k.Int("most", defaultMost, 1, maxMost)
	a.traps = trapsOf(k, a)
	return a, k.Problems()
}

var versions = map[string]gosnmp.SnmpVersion{"1": gosnmp.Version1, "2c": gosnmp.Version2c, "3": gosnmp.Version3}

func unwanted(k *keys.Keys, why string, names ...string) {
	for _, name := range names {
		k.Unwanted(name, "%s", why)
	}
}

// agentOf reads where the agent is. Mostly the port is the one that agents have.
func agentOf(k *keys.Keys) string {
	text := k.Needed("agent", "the host of the device's SNMP agent, and its port if that is not "+agentPort)
	if text == "" || keys.IsHostPort(text) {
		return text
	}
	host := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":[]/ ") {
		k.Wrong("agent", "%q is not a host, nor host:port with a port from 1 to 65535", text)
	}
	return net.JoinHostPort(host, agentPort)
}

// shortName checks the name of a user or a context.
func shortName(k *keys.Keys, key, name string) string {
	if len(name) > maxName {
		k.Wrong(key, "is longer than %d octets", maxName)
	}
	return name
}

// trapsOf reads where the device sends its notifications to. Who listens beyond this machine must know the senders.
func trapsOf(k *keys.Keys, a address) string {
	to := k.HostPort("traps")
	if to == "" {
		k.Unwanted("trap_community", "is of what the device sends by itself, and the device has no traps: say where it sends to")
		return ""
	}
	host, _, _ := net.SplitHostPort(to)
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		k.Wrong("traps", "%q is not the address of this gateway's that is listened at, such as 0.0.0.0:162 or 127.0.0.1:1162", to)
	case ip.IsLoopback():
	case a.version == gosnmp.Version3 && a.user.auth == gosnmp.NoAuth:
		k.Wrong("traps", "beyond this machine only what is authenticated is listened to: the user needs auth")
	case a.version != gosnmp.Version3 && !a.trapping.Given() && !a.community.Given():
		k.Wrong("traps", "beyond this machine only what is authenticated is listened to: a community of the device's own is needed, not %s", publicCommunity)
	}
	return to
}

// trapsFromAfar reports whether it is listened to what comes from beyond this machine.
func (a address) trapsFromAfar() bool {
	host, _, _ := net.SplitHostPort(a.traps)
	ip, err := netip.ParseAddr(host)
	return a.traps != "" && (err != nil || !ip.IsLoopback())
}
