package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ConnectProblem says in one line where the hub was looked for, why there is no connection, and what to do about
// it. credential is the one that was used, or nil. The error is ErrPermission if the hub or its certificate was
// refused, or did refuse; then trying again does not help. Otherwise it is ErrUnavailable.
func ConnectProblem(urls string, credential *access.Credential, err error) error {
	code, why := refusal(credential, err)
	if why == "" {
		code, why = roostv1.ErrUnavailable, "cannot be reached: "+strings.Join(strings.Fields(err.Error()), " ")
	}
	return roostv1.Errorf(code, "hub at %s %s", Redact(urls), why)
}

// refusal says why a connection was not made though the hub is there; empty: that is not known.
func refusal(credential *access.Credential, err error) (code roostv1.Code, why string) {
	var plain tls.RecordHeaderError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired):
		return roostv1.ErrPermission, refused(credential)
	case errors.Is(err, nats.ErrNkeysNotSupported): // which is looked at before TLS is
		return roostv1.ErrPermission, "asks nobody who he is: it is another hub than that of the credentials, or it was started without TLS and its users"
	case errors.Is(err, nats.ErrSecureConnWanted), errors.As(err, &plain):
		return roostv1.ErrPermission, "does not speak TLS: it is another hub than that of the credentials, or it was started without its certificate"
	case errors.Is(err, nats.ErrSecureConnRequired):
		return roostv1.ErrPermission, "wants TLS: name a file of credentials with --creds"
	}
	return roostv1.ErrPermission, distrust(credential, err)
}

// refused says why a hub takes a user not in.
func refused(credential *access.Credential) string {
	if credential == nil {
		return "refused who has no credentials for it: name a file of them with --creds"
	}
	return fmt.Sprintf("refused the credentials of %s %s: they were revoked, or it does not know them; ask whoever runs the hub for new ones",
		credential.Role, credential.Name)
}

// distrust says what is wrong with the hub's certificate; empty: nothing is known to be.
func distrust(credential *access.Credential, err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &name):
		return "has a certificate that is not for " + name.Host + namesOf(name.Certificate) + ": dial it by a name of its own, or have its certificate made anew with this one"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return outOfTime(invalid.Cert)
	case errors.As(err, &unknown) && credential == nil:
		return "wants TLS, with a certificate that this machine does not trust: name a file of credentials with --creds"
	case errors.As(err, &unknown):
		return "has a certificate that the credentials of " + credential.Name + " do not vouch for: it is another fleet's, or its authority was made anew; ask whoever runs it for new credentials"
	case errors.As(err, &invalid):
		return "has a certificate that cannot be used: " + invalid.Error()
	}
	return ""
}

// namesOf says what a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return ""
	}
	return ", only for " + strings.Join(names, ", ")
}

// outOfTime says that a certificate is out of its time, or that this machine is.
func outOfTime(c *x509.Certificate) string {
	now := time.Now()
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("has a certificate that is valid only from %s: the clock of this machine says %s",
			c.NotBefore.UTC().Format(time.DateTime), now.UTC().Format(time.DateTime))
	}
	return fmt.Sprintf("has a certificate that expired at %s UTC: have whoever runs the hub make a new one (the clock of this machine says %s)",
		c.NotAfter.UTC().Format(time.DateTime), now.UTC().Format(time.DateTime))
}
