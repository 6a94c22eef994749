package guard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// validity is how long certificates are good for. A fleet that stops for one that ran out, years after it was
// put up, is worse than a key that lives long: revoking does not rest on it.
const validity = 10 * 365 * 24 * time.Hour

// backdate is how far a certificate's beginning lies in the past, for machines whose clock is late.
const backdate = 24 * time.Hour

// errCertificate: a certificate of the folder cannot be used.
var errCertificate = errors.New("bad certificate")

// pair is a certificate and its key, in PEM.
type pair struct{ certificate, key []byte }

// newAuthority makes the authority of a fleet's hub. It signs certificates of hubs only.
func newAuthority(fleet string, now time.Time) (pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Roost hub authority of fleet " + fleet},
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true, // it signs no other authority
		KeyUsage:              x509.KeyUsageCertSign,
	}
	return sign(template, nil, nil, now)
}

// newServer makes a certificate for hubs at the hosts. They show it to clients, and to each other, from both ends of a
// route.
func newServer(authority pair, hosts []string, now time.Time) (pair, error) {
	parent, key, err := authority.parse()
	if err != nil {
		return pair{}, fmt.Errorf("authority: %w", err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "Roost hub"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		if address, err := netip.ParseAddr(host); err == nil {
			template.IPAddresses = append(template.IPAddresses, address.AsSlice())
			continue
		}
		template.DNSNames = append(template.DNSNames, host)
	}
	return sign(template, parent, key, now)
}

// sign makes a key, and the certificate of it. Without a parent it is its own.
func sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey, now time.Time) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	if parent == nil {
		parent, by = template, key
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return pair{}, err
	}
	template.NotBefore, template.NotAfter = now.Add(-backdate), now.Add(validity)
	if parent != template && template.NotAfter.After(parent.NotAfter) {
		template.NotAfter = parent.NotAfter
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		return pair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, err
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

// parse reads a pair.
func (p pair) parse() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificate, err := parseCertificate(p.certificate)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(p.key)
	if block == nil {
		return nil, nil, fmt.Errorf("%w: its key is not PEM", errCertificate)
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: its key: %w", errCertificate, err)
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%w: its key is of another kind than roost hub init makes", errCertificate)
	}
	return certificate, key, nil
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: it is not PEM", errCertificate)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCertificate, err)
	}
	return certificate, nil
}
