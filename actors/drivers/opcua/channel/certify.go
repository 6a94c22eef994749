package channel

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uapolicy"
)

// certify returns the user's certificate, and the proof that its key is there: what the server sent, signed. It is for this server and for
// this session.
func (c *Channel) certify(created *ua.CreateSessionResponse, who Identity, policies []*ua.UserTokenPolicy) (any, *ua.SignatureData, error) {
	failed := errors.New("the server takes users by a certificate without proof only")
	server, err := PublicKey(Leaf(created.ServerCertificate))
	if err != nil {
		return nil, nil, fmt.Errorf("the server's certificate: %w", err)
	}
	for _, p := range policies {
		uri := c.policyOf(p)
		if uri == ua.SecurityPolicyURINone {
			continue
		}
		a, err := uapolicy.Asymmetric(uri, who.Key, server)
		if err == nil {
			signed := new(ua.SignatureData)
			signed.Algorithm = a.SignatureURI()
			signed.Signature, err = a.Signature(append(bytes.Clone(Leaf(created.ServerCertificate)), created.ServerNonce...))
			if err == nil {
				return &ua.X509IdentityToken{PolicyID: p.PolicyID, CertificateData: who.Certificate}, signed, nil
			}
		}
		failed = fmt.Errorf("sign with the user's key: %w", err) // another policy may be one that is known here
	}
	return nil, nil, failed
}
