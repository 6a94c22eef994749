package channel

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uapolicy"
)

const (
	// sessionTimeout is how long a server is asked to keep a session of which it hears nothing: not longer than a gateway that was killed
	// should count among the clients of a small device.
	sessionTimeout = time.Minute
	// nonceLength is that of sessions, in bytes.
	nonceLength = 32
)

// Identity is who logs in.
type Identity struct {
	// Application is the URI of the client; that of its certificate, if it has one.
	Application string
	// Name is what the server calls the session.
	Name string
	// User and Password; without User and Certificate it is nobody.
	User, Password string
	// Certificate is the user's, in DER, and Key is its private key: it is known by these then, and not by a name.
	Certificate []byte
	Key         *rsa.PrivateKey
	// Clear allows that the password is sent as it is, where all can read it.
	Clear bool
}

// ErrClear means that the server would be sent the password in clear.
var ErrClear = errors.New("the server takes the password in clear only, where all can read it")

// Login begins a session.
func (c *Channel) Login(ctx context.Context, who Identity) (*Session, error) {
	nonce := make([]byte, nonceLength)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	answer, err := c.Do(ctx, nil, &ua.CreateSessionRequest{
		ClientDescription: &ua.ApplicationDescription{
			ApplicationURI: who.Application, ApplicationName: ua.NewLocalizedText(who.Name), ApplicationType: ua.ApplicationTypeClient,
		},
		EndpointURL: c.config.Endpoint, SessionName: who.Name, ClientNonce: nonce, ClientCertificate: c.config.Certificate,
		RequestedSessionTimeout: float64(sessionTimeout / time.Millisecond), MaxResponseMessageSize: maxMessage,
	})
	if err != nil {
		return nil, fmt.Errorf("create a session: %w", err)
	}
	created, ok := answer.(*ua.CreateSessionResponse)
	if !ok {
		return nil, fmt.Errorf("create a session: the server answered with %T", answer)
	}
	if err := c.recognize(created, nonce); err != nil {
		return nil, err
	}
	s := &Session{channel: c, token: created.AuthenticationToken, timeout: time.Duration(created.RevisedSessionTimeout) * time.Millisecond}
	if err := c.activate(ctx, s, created, who); err != nil {
		return nil, fmt.Errorf("activate the session: %w", err)
	}
	s.begin()
	return s, nil
}

// recognize makes sure that the server is the one that is known.
func (c *Channel) recognize(created *ua.CreateSessionResponse, nonce []byte) error {
	if c.config.Server != nil && !bytes.Equal(Leaf(created.ServerCertificate), c.config.Server) {
		return ErrOtherServer
	}
	if !c.config.secure() {
		return nil
	}
	signed := append(bytes.Clone(c.config.Certificate), nonce...)
	if err := c.opening.algorithm.VerifySignature(signed, created.ServerSignature.Signature); err != nil {
		return fmt.Errorf("%w: its signature is not right: %w", ErrOtherServer, err)
	}
	return nil
}

func (c *Channel) activate(ctx context.Context, s *Session, created *ua.CreateSessionResponse, who Identity) error {
	token, signed, err := c.identify(created, who)
	if err != nil {
		return err
	}
	proof := new(ua.SignatureData)
	if c.config.secure() {
		signed := append(bytes.Clone(c.config.Server), created.ServerNonce...)
		if proof.Signature, err = c.opening.algorithm.Signature(signed); err != nil {
			return err
		}
		proof.Algorithm = c.opening.algorithm.SignatureURI()
	}
	_, err = c.Do(ctx, s.token, &ua.ActivateSessionRequest{
		ClientSignature: proof, UserIdentityToken: ua.NewExtensionObject(token), UserTokenSignature: signed,
	})
	return err
}

// identify returns what tells the server who logs in, and what proves it, where that is not in it.
func (c *Channel) identify(created *ua.CreateSessionResponse, who Identity) (token any, signed *ua.SignatureData, err error) {
	kind := who.kind()
	policies := c.policies(created.ServerEndpoints, kind)
	switch {
	case !c.offered(created.ServerEndpoints):
		return nil, nil, fmt.Errorf("the server does not offer the security policy %s with mode %v; it offers %s", short(c.config.Policy), c.config.Mode, offers(created.ServerEndpoints))
	case len(policies) == 0 && kind == ua.UserTokenTypeAnonymous:
		return nil, nil, fmt.Errorf("with this security the server lets nobody in without a user")
	case len(policies) == 0 && kind == ua.UserTokenTypeCertificate:
		return nil, nil, fmt.Errorf("with this security the server lets no user in by a certificate")
	case len(policies) == 0:
		return nil, nil, fmt.Errorf("with this security the server lets no user in by name and password")
	case kind == ua.UserTokenTypeAnonymous:
		return &ua.AnonymousIdentityToken{PolicyID: policies[0].PolicyID}, new(ua.SignatureData), nil
	case kind == ua.UserTokenTypeCertificate:
		return c.certify(created, who, policies)
	}
	token, err = c.prove(created, who, policies)
	return token, new(ua.SignatureData), err
}

// kind is how the identity is proved.
func (who Identity) kind() ua.UserTokenType {
	switch {
	case who.Certificate != nil:
		return ua.UserTokenTypeCertificate
	case who.User != "":
		return ua.UserTokenTypeUserName
	}
	return ua.UserTokenTypeAnonymous
}

// prove returns the user's name and password, encrypted if the server takes them so.
func (c *Channel) prove(created *ua.CreateSessionResponse, who Identity, policies []*ua.UserTokenPolicy) (any, error) {
	var failed error
	for _, p := range policies {
		uri := c.policyOf(p)
		if uri == ua.SecurityPolicyURINone {
			continue
		}
		secret, algorithm, err := c.encrypt(uri, created, who.Password)
		if err == nil {
			return &ua.UserNameIdentityToken{PolicyID: p.PolicyID, UserName: who.User, Password: secret, EncryptionAlgorithm: algorithm}, nil
		}
		failed = fmt.Errorf("encrypt the password: %w", err) // another policy may be one that is known here
	}
	clear := slices.IndexFunc(policies, func(p *ua.UserTokenPolicy) bool { return c.policyOf(p) == ua.SecurityPolicyURINone })
	if clear < 0 {
		return nil, failed
	}
	if !who.Clear && c.config.Mode != ua.MessageSecurityModeSignAndEncrypt {
		return nil, ErrClear
	}
	return &ua.UserNameIdentityToken{PolicyID: policies[clear].PolicyID, UserName: who.User, Password: []byte(who.Password)}, nil
}

// offered tells whether the server has an endpoint with the security of this channel.
func (c *Channel) offered(endpoints []*ua.EndpointDescription) bool {
	return slices.ContainsFunc(endpoints, func(e *ua.EndpointDescription) bool {
		return e.SecurityPolicyURI == c.config.Policy && e.SecurityMode == c.config.Mode
	})
}

// offers lists what a server offers, for people.
func offers(endpoints []*ua.EndpointDescription) string {
	var all []string
	for _, e := range endpoints[:min(len(endpoints), maxOffers)] {
		all = append(all, fmt.Sprintf("%q with %v", short(e.SecurityPolicyURI), e.SecurityMode))
	}
	if all == nil {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

// maxOffers is how many offers of a server are told of.
const maxOffers = 12

func short(policy string) string { return strings.TrimPrefix(policy, ua.SecurityPolicyURIPrefix) }

// policies are the ways in which the server lets such users in.
func (c *Channel) policies(endpoints []*ua.EndpointDescription, kind ua.UserTokenType) []*ua.UserTokenPolicy {
	var found []*ua.UserTokenPolicy
	for _, e := range endpoints {
		if e.SecurityPolicyURI != c.config.Policy || e.SecurityMode != c.config.Mode {
			continue
		}
		for _, p := range e.UserIdentityTokens {
			if p.TokenType == kind {
				found = append(found, p)
			}
		}
	}
	return found
}

// policyOf is the policy under which a password is encrypted: that of the channel where nothing else is said.
func (c *Channel) policyOf(p *ua.UserTokenPolicy) string {
	if p.SecurityPolicyURI == "" {
		return c.config.Policy
	}
	return p.SecurityPolicyURI
}

// encrypt hides a password from all but who has the key of the server's certificate.
func (c *Channel) encrypt(policy string, created *ua.CreateSessionResponse, password string) (secret []byte, algorithm string, err error) {
	server, err := PublicKey(Leaf(created.ServerCertificate))
	if err != nil {
		return nil, "", fmt.Errorf("the server's certificate: %w", err)
	}
	a, err := uapolicy.Asymmetric(policy, c.config.Key, server)
	if err != nil {
		return nil, "", err
	}
	plain := binary.LittleEndian.AppendUint32(nil, uint32(len(password)+len(created.ServerNonce)))
	plain = append(append(plain, password...), created.ServerNonce...)
	secret, err = a.Encrypt(plain)
	return secret, a.EncryptionURI(), err
}
