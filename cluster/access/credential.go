package access

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"strings"

	"github.com/nats-io/nkeys"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Credential is what its holder needs to use a fleet through a secured hub. Data and Talk are secret.
type Credential struct {
	Fleet string `json:"fleet"`          // name of the fleet
	Name  string `json:"name"`           // of the holder; a gateway's id
	Role  Role   `json:"role"`           // what the hub lets the holder do
	Hub   string `json:"hub"`            // tls://host:port, several with commas
	CA    string `json:"ca"`             // certificates that the hub's is signed by, PEM
	Data  string `json:"data"`           // nkey seed of the user of the data connection
	Talk  string `json:"talk,omitempty"` // of the talk connection; an admin has none
}

// Check returns ErrInvalid with the first thing that is wrong. It never repeats what is secret.
func (c *Credential) Check() error {
	for _, check := range []func() error{
		func() error { return roostv1.CheckID("fleet", c.Fleet) },
		func() error { return roostv1.CheckID("name", c.Name) },
		c.Role.Check,
		func() error { return checkHub(c.Hub) },
		func() error { _, err := c.pool(); return err },
		c.checkSeeds,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Credential) checkSeeds() error {
	if err := checkSeed("data", c.Data); err != nil {
		return err
	}
	switch {
	case c.Role == RoleAdmin && c.Talk != "":
		return invalid("an admin has no talk seed, and this one has")
	case c.Role == RoleAdmin:
		return nil
	case c.Data == c.Talk:
		return invalid("data and talk are the same seed: they must be those of two users")
	}
	return checkSeed("talk", c.Talk)
}

// checkSeed checks that a seed is one of a user. The errors of nkeys are not passed on: they
// are not ours to keep free of secrets.
func checkSeed(what, seed string) error {
	if seed == "" {
		return invalid("the %s seed is missing", what)
	}
	if _, err := public(seed); err != nil {
		return invalid("%s is not the nkey seed of a user, which begins with SU", what)
	}
	return nil
}

// public returns the name that a hub knows a user by.
func public(seed string) (string, error) {
	kind, _, err := nkeys.DecodeSeed([]byte(seed))
	if err != nil {
		return "", err
	}
	if kind != nkeys.PrefixByteUser {
		return "", nkeys.ErrInvalidPrefixByte
	}
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return "", err
	}
	defer pair.Wipe()
	return pair.PublicKey()
}

// checkHub checks the hub's addresses. What they are is told without what a user might have in them.
func checkHub(hub string) error {
	for one := range strings.SplitSeq(hub, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		switch {
		case err != nil || u.Hostname() == "":
			return invalid("hub is not tls://host:port, or several of them with commas")
		case u.User != nil:
			return invalid("hub has a user or password in it: the seeds are what is needed")
		case u.Scheme != "tls":
			return invalid("hub is %s://%s: a credential is only for tls://", u.Scheme, u.Host)
		}
	}
	return nil
}

// pool returns the certificates that vouch for the hub.
func (c *Credential) pool() (*x509.CertPool, error) {
	pool, rest := x509.NewCertPool(), []byte(c.CA)
	for n := 0; ; n++ {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && n == 0:
			return nil, invalid("ca is not a certificate in PEM")
		case block == nil && strings.TrimSpace(string(rest)) != "":
			return nil, invalid("ca has something after its last certificate that is not PEM")
		case block == nil:
			return pool, nil
		case block.Type != "CERTIFICATE":
			return nil, invalid("ca has something else than certificates in it")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, invalid("certificate %d of ca cannot be read", n+1)
		}
		pool.AddCert(certificate)
	}
}

func invalid(format string, args ...any) error {
	return roostv1.Errorf(roostv1.ErrInvalid, format, args...)
}
