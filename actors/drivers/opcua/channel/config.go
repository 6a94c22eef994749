package channel

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uapolicy"
)

// Limits of what the server may send, which it is told in the greeting.
const (
	// maxFrame is how long one frame may be, in bytes.
	maxFrame = 0xffff
	// maxMessage is how long one message may be that comes in several.
	maxMessage = 1 << 20
	maxChunks  = 64
	// minFrame is what every server has to take.
	minFrame = 8192
)

// defaultLifetime is how long keys are asked to last. The server may make it less.
const defaultLifetime = time.Hour

// Config says whom to speak to, and how.
type Config struct {
	// Address is host:port, and Endpoint is the URL that the server is told it was reached by.
	Address, Endpoint string
	// Policy is the URI of the security policy. With that of none nothing else here counts, but Server.
	Policy string
	Mode   ua.MessageSecurityMode
	// Certificate is the client's own, as DER, and Key belongs to it.
	Certificate []byte
	Key         *rsa.PrivateKey
	// Server is the certificate that the server has to have, as DER.
	Server []byte
	// Lifetime of keys; default 1 h.
	Lifetime time.Duration
}

// secure tells whether messages are at least signed.
func (c *Config) secure() bool { return c.Policy != ua.SecurityPolicyURINone }

// asymmetric returns the algorithms under which keys are exchanged.
func (c *Config) asymmetric() (*keys, error) {
	if !c.secure() {
		return &keys{}, nil
	}
	server, err := PublicKey(c.Server)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	algorithm, err := uapolicy.Asymmetric(c.Policy, c.Key, server)
	if err != nil {
		return nil, err
	}
	return &keys{algorithm: algorithm, signs: true, encrypts: true}, nil
}

// symmetric returns the keys that come of the two nonces.
func (c *Config) symmetric(own, servers []byte) (*keys, error) {
	if !c.secure() {
		return &keys{}, nil
	}
	if len(servers) != len(own) {
		return nil, fmt.Errorf("the server's nonce has %d bytes, and the policy wants %d", len(servers), len(own))
	}
	algorithm, err := uapolicy.Symmetric(c.Policy, own, servers)
	if err != nil {
		return nil, err
	}
	return &keys{algorithm: algorithm, signs: true, encrypts: c.Mode == ua.MessageSecurityModeSignAndEncrypt}, nil
}

// openingHeader is the security header of messages that exchange keys.
func (c *Config) openingHeader() []byte {
	b := ua.NewBuffer(nil)
	b.WriteString(c.Policy)
	if c.secure() {
		thumbprint := sha1.Sum(c.Server)
		b.WriteByteString(c.Certificate)
		b.WriteByteString(thumbprint[:])
	} else {
		b.WriteByteString(nil)
		b.WriteByteString(nil)
	}
	return b.Bytes()
}

// checkOpening judges the security header of the server's message that exchanges keys, and returns how long it is.
func (c *Config) checkOpening(after []byte) (int, error) {
	b := ua.NewBuffer(after)
	policy, certificate, _ := b.ReadString(), b.ReadBytes(), b.ReadBytes()
	switch {
	case b.Error() != nil:
		return 0, b.Error()
	case policy != c.Policy:
		return 0, fmt.Errorf("the server speaks under the security policy %q, and not %q", policy, c.Policy)
	case c.secure() && !bytes.Equal(Leaf(certificate), c.Server):
		return 0, ErrOtherServer
	}
	return b.Pos(), nil
}

// ErrOtherServer means that the server's certificate is not the one that was expected of it.
var ErrOtherServer = errors.New("the server shows another certificate than the one that it is known by")

// Leaf returns the first certificate of a chain, in DER: the one whose key its owner has.
func Leaf(chain []byte) []byte {
	certificates, err := x509.ParseCertificates(chain)
	if err != nil || len(certificates) == 0 {
		return chain
	}
	return certificates[0].Raw
}

// PublicKey returns the RSA key of a certificate in DER.
func PublicKey(der []byte) (*rsa.PublicKey, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("its key is %T, and OPC UA wants one of RSA", certificate.PublicKey)
	}
	return key, nil
}
