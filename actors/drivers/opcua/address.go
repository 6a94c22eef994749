package opcua

import (
	"net"
	"net/url"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Ways to the values.
const (
	readPoll    = "poll"
	readMonitor = "monitor"
)

// Modes of security.
const (
	modeSign    = "Sign"
	modeEncrypt = "SignAndEncrypt"
)

const (
	policyNone  = "None"
	defaultPort = "4840"

	defaultInterval = time.Second
	minInterval     = 10 * time.Millisecond
	maxInterval     = time.Hour

	defaultSilence           = 10 // intervals
	minSilence, maxSilence   = 3, 1000
	defaultMost, maxMost     = 500, 10_000
	minSampling, maxSampling = time.Millisecond, time.Hour
	defaultClientApplication = "urn:roost:gateway"
)

// policies are those that are offered: what came before them counts as broken.
var policies = []string{policyNone, "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"}

// address is a device's address, read.
type address struct {
	endpoint, to string // the URL, and its host:port
	policy       string // URI
	mode         ua.MessageSecurityMode
	certificate  string // paths
	server       string
	key          keys.Secret
	user         string
	password     keys.Secret
	userCert     string // path; the user's, who is known by it and not by a name
	userKey      keys.Secret
	clear        bool
	monitor      bool
	interval     time.Duration // of publishing
	silence      int           // intervals
	most         int           // nodes at once
}

// secure tells whether messages are at least signed.
func (a *address) secure() bool { return a.mode != ua.MessageSecurityModeNone }

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(k *keys.Keys) address {
	a := address{
		interval: defaultInterval, silence: defaultSilence,
		most: k.Int("most", defaultMost, 1, maxMost),
	}
	a.endpoint, a.to = parseEndpoint(k)
	parseSecurity(k, &a)
	parseUser(k, &a)
	a.monitor = k.Word("read", readPoll, readPoll, readMonitor) == readMonitor
	if a.monitor {
		a.interval = k.Duration("interval", defaultInterval, minInterval, maxInterval)
		a.silence = k.Int("silence", defaultSilence, minSilence, maxSilence)
	} else {
		k.Unwanted("interval", "is for read=monitor, and the device is polled: its poll_interval says how often")
		k.Unwanted("silence", "is for read=monitor, and the device is polled")
	}
	return a
}

func parseEndpoint(k *keys.Keys) (endpoint, to string) {
	endpoint = k.Needed("endpoint", "where the server is, as opc.tcp://host:4840/path")
	if endpoint == "" {
		return "", ""
	}
	u, err := url.Parse(endpoint)
	if err == nil && u.User != nil { // which is not repeated
		k.Wrong("endpoint", "has a user in it: say who logs in with the keys user and password")
		return "", ""
	}
	if err != nil || u.Scheme != "opc.tcp" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		k.Wrong("endpoint", "%q is not a URL such as opc.tcp://host:4840/path", endpoint)
		return "", ""
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	if to = net.JoinHostPort(u.Hostname(), port); !keys.IsHostPort(to) {
		k.Wrong("endpoint", "%q has a port that is not from 1 to 65535", endpoint)
	}
	return endpoint, to
}

func parseSecurity(k *keys.Keys, a *address) {
	policy := k.Word("security", policyNone, policies...)
	a.policy, a.mode = ua.SecurityPolicyURIPrefix+policy, ua.MessageSecurityModeNone
	a.server = k.File("server_certificate")
	if policy == policyNone {
		for _, key := range []string{"mode", "certificate", "key"} {
			k.Unwanted(key, "is for connections with security, and there is none: say security=%s or such", policies[1])
		}
		return
	}
	a.mode = ua.MessageSecurityModeSignAndEncrypt
	if k.Word("mode", modeEncrypt, modeSign, modeEncrypt) == modeSign {
		a.mode = ua.MessageSecurityModeSign
	}
	k.Needed("server_certificate", "the path of the certificate that the server is known by")
	k.Needed("certificate", "the path of the gateway's own certificate")
	a.certificate = k.File("certificate")
	k.Needed("key", "where the private key of the certificate is, as file:/path or env:NAME")
	a.key = k.Secret("key")
}

func parseUser(k *keys.Keys, a *address) {
	a.user = k.Text("user", "")
	a.password = k.Secret("password")
	a.clear = k.Bool("clear")
	a.userCert, a.userKey = k.File("user_certificate"), k.Secret("user_key")
	switch {
	case k.Has("user_certificate") != k.Has("user_key"):
		k.Wrong("user_certificate", "is needed with user_key, and user_key with it")
	case k.Has("user_certificate") && a.user != "":
		k.Wrong("user_certificate", "there is a user with a password already, and one of them is enough")
	}
	switch {
	case a.user == "":
		k.Unwanted("password", "is of a user, and there is none")
		k.Unwanted("clear", "is for a password, and there is none")
	case !a.password.Given():
		k.Wrong("password", "is needed: where the password of %q is, as file:/path or env:NAME", a.user)
	}
}

// addressOf reads the address of a device.
func addressOf(spec *roostv1.DeviceSpec, profile *roostv1.Profile, secrets *keys.Places) (address, map[string]*method, roostv1.Problems) {
	k := keys.OfAddress(Name, spec).From(secrets)
	a := parseAddress(k)
	methods := parseMethods(k, profile)
	return a, methods, k.Problems()
}
