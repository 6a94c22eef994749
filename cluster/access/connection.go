package access

import (
	"crypto/tls"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// TLS returns how the hub proves that it is the fleet's: by a certificate for the name that is dialled, signed
// by the credential's CA and by no other.
func (c *Credential) TLS() (*tls.Config, error) {
	pool, err := c.pool()
	if err != nil {
		return nil, err
	}
	// The server's name is left to the connection, which takes it from the address that it dials.
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}, nil
}

// DataOptions are those of the data connection: TLS, the user and an inbox of its own.
func (c *Credential) DataOptions() ([]nats.Option, error) { return c.options(c.Data) }

// TalkOptions are those of the talk connection. An admin has none: the error is ErrInvalid.
func (c *Credential) TalkOptions() ([]nats.Option, error) {
	if c.Talk == "" {
		return nil, invalid("the credential of %s %s has no talk connection", c.Role, c.Name)
	}
	return c.options(c.Talk)
}

func (c *Credential) options(seed string) ([]nats.Option, error) {
	config, err := c.TLS()
	if err != nil {
		return nil, err
	}
	user, err := public(seed)
	if err != nil {
		return nil, checkSeed("the seed", seed)
	}
	return []nats.Option{
		nats.Secure(config),
		nats.Nkey(user, func(nonce []byte) ([]byte, error) { return sign(seed, nonce) }),
		nats.CustomInboxPrefix(InboxPrefix(c.Name)),
	}, nil
}

// sign answers the hub's challenge. The key is in memory only meanwhile.
func sign(seed string, nonce []byte) ([]byte, error) {
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return nil, checkSeed("the seed", seed)
	}
	defer pair.Wipe()
	return pair.Sign(nonce)
}

// InboxPrefix is what answers for a name are sent below. The hub lets nobody else listen there.
func InboxPrefix(name string) string { return "_INBOX." + name }
