package httpdev

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	headerPrefix  = "header."
	secretPrefix  = "secret."
	commandPrefix = "command."

	authBasic, authDigest = "basic", "digest"

	defaultTimeout, maxTimeout = 5 * time.Second, 5 * time.Minute
	defaultMost, maxMost       = 1 << 20, 16 << 20
)

// address is what a device's address says.
type address struct {
	base     string // with no slash at its end
	https    bool
	headers  map[string]string
	secrets  map[string]keys.Secret // headers
	username string
	password keys.Secret
	digest   bool // or else basic authentication
	token    keys.Secret
	ca       string // path of a file
	pin      []byte
	cert     keys.Secret
	key      keys.Secret
	timeout  time.Duration
	most     int
	statuses statuses
	verdicts verdicts
	commands map[string]*command
}

// parseAddress reads the address of a device with this profile. It is usable only if there are no problems.
func parseAddress(d *roostv1.DeviceSpec, p *roostv1.Profile, secrets *keys.Places) (*address, roostv1.Problems) {
	k := keys.OfAddress(Name, d).From(secrets)
	k.Know("url") // first of all, for whoever reads what keys there are
	at := &address{
		username: k.Text("username", ""), password: k.Secret("password"), digest: k.Word("auth", authBasic, authBasic, authDigest) == authDigest,
		token: k.Secret("token"),
		ca:    k.File("ca"), pin: parsePin(k), cert: k.Secret("cert"), key: k.Secret("key"),
		timeout:  k.Duration("timeout", defaultTimeout, 10*time.Millisecond, maxTimeout),
		most:     k.Int("most", defaultMost, 1, maxMost),
		statuses: parseStatuses(k),
		verdicts: parseVerdicts(k),
	}
	at.parseURL(k)
	at.parseHeaders(k, d.GetAddress())
	at.checkTogether(k)
	var problems roostv1.Problems
	at.commands, problems = parseCommands(at, k, p)
	return at, append(k.Problems(), problems...)
}

func (a *address) parseURL(k *keys.Keys) {
	const name = "url"
	text := k.Needed(name, "where the device is, as http://host or https://host")
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		k.Wrong(name, "is no URL, such as http://10.0.0.7/api") // an error would show a password in it
	case u.User != nil:
		k.Wrong(name, "has a user in it, where all who read the fleet see the password: say username, and password as file:/path or env:NAME")
	case u.Scheme != "http" && u.Scheme != "https":
		k.Wrong(name, "%q begins with neither http:// nor https://", text)
	case u.Hostname() == "":
		k.Wrong(name, "%q has no host", text)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		k.Wrong(name, "%q has more than a path after the host: what comes after ? belongs to the resources", text)
	default:
		a.base, a.https = strings.TrimRight(text, "/"), u.Scheme == "https"
	}
}

// own are headers that the driver or the library sees to.
var own = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding", "Content-Type", "Trailer", "Upgrade"}

func (a *address) parseHeaders(k *keys.Keys, given map[string]string) {
	a.headers, a.secrets = map[string]string{}, map[string]keys.Secret{}
	k.Know("header.NAME", "secret.NAME") // for whoever reads what keys there are
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		name, plain := strings.CutPrefix(key, headerPrefix)
		secret := false
		if !plain {
			name, secret = strings.CutPrefix(key, secretPrefix)
		}
		if !plain && !secret {
			continue
		}
		canonical := http.CanonicalHeaderKey(name)
		if plain {
			a.headers[canonical] = k.Text(key, "")
		} else {
			a.secrets[canonical] = k.Secret(key)
		}
		switch before := seen[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			k.Wrong(key, "%q is no name of a header", name)
		case slices.Contains(own, canonical):
			k.Wrong(key, "the header %s cannot be set", canonical)
		case plain && (canonical == "Authorization" || canonical == "Cookie"):
			k.Wrong(key, "the header %s is a secret: say %s%s as file:/path or env:NAME", canonical, secretPrefix, canonical)
		case plain && !httpguts.ValidHeaderFieldValue(given[key]):
			k.Wrong(key, "%q has characters in it that no header can have", given[key])
		case before != "":
			k.Wrong(key, "is the same header as %s", before)
		}
		seen[canonical] = key
	}
}

// checkTogether complains of what does not go together.
func (a *address) checkTogether(k *keys.Keys) {
	const authorization = "Authorization"
	_, other := a.secrets[authorization]
	switch {
	case k.Has("username") && !k.Has("password"):
		k.Wrong("username", "has no password")
	case k.Has("password") && !k.Has("username"):
		k.Wrong("password", "has no username")
	case k.Has("token") && k.Has("username"):
		k.Wrong("token", "there is a username already, and one of them is enough")
	case other && (k.Has("token") || k.Has("username")):
		k.Wrong(secretPrefix+authorization, "there is a username or a token already, and one of them is enough")
	}
	if !k.Has("username") {
		k.Unwanted("auth", "is for a username, and there is none")
	}
	if strings.Contains(a.username, ":") {
		k.Wrong("username", "%q has a colon in it, which %s authentication cannot carry", a.username, map[bool]string{true: authDigest, false: authBasic}[a.digest])
	}
	switch {
	case k.Has("ca") && k.Has("pin"):
		k.Wrong("pin", "stands for every other check, ca too: say one of them")
	case k.Has("cert") != k.Has("key"):
		k.Wrong("cert", "is needed with key, and key with it")
	}
	if a.base != "" && !a.https {
		for _, name := range []string{"ca", "pin", "cert", "key"} {
			k.Unwanted(name, "is for https")
		}
	}
}

func parsePin(k *keys.Keys) []byte {
	const name = "pin"
	text, given := k.Get(name)
	if !given {
		return nil
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(pin) != 32 {
		k.Wrong(name, "%q is no SHA-256 in hexadecimal: it has 64 digits, with or without colons", text)
	}
	return pin
}

// parseStatuses reads which statuses say something else here than elsewhere. One says one thing.
func parseStatuses(k *keys.Keys) statuses {
	s := statuses{done: parseStatus(k, "done"), refused: parseStatus(k, "refused")}
	for _, n := range s.refused {
		if slices.Contains(s.done, n) {
			k.Wrong("refused", "%d stands in done too, and a write cannot be both", n)
		}
	}
	return s
}

func parseStatus(k *keys.Keys, name string) []int {
	text, given := k.Get(name)
	if !given {
		return nil
	}
	var list []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 300 || n > 599 {
			k.Wrong(name, "%q is no status from 300 to 599: write them as 303,501", word)
			return nil
		}
		list = append(list, n)
	}
	return list
}

// checkPath complains of a path that cannot come after the URL.
func checkPath(path string, wrong func(format string, args ...any)) {
	switch u, err := url.Parse("http://host" + path); {
	case path != "" && path[0] != '/' && path[0] != '?':
		wrong("%q begins with neither / nor ?", path)
	case err != nil:
		wrong("%q is no path of a URL: %v", path, unwrapURL(err))
	case u.Fragment != "" || strings.Contains(path, "#"):
		wrong("%q has a # in it, after which nothing is sent", path)
	}
}

// unwrapURL returns the error without the URL, in which there may be a secret.
func unwrapURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
