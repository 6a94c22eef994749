package opcua

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
)

// credentials reads what the device's address says where it is: certificates, key and password. They are read anew each time.
func (a *address) credentials(device string) (channel.Config, channel.Identity, error) {
	config := channel.Config{Address: a.to, Endpoint: a.endpoint, Policy: a.policy, Mode: a.mode}
	who := channel.Identity{Application: defaultClientApplication, Name: "roost " + device, User: a.user, Clear: a.clear}
	var err error
	if a.server != "" {
		if config.Server, err = readCertificate(a.server); err != nil {
			return config, who, err
		}
	}
	if a.user != "" {
		if who.Password, err = a.password.Read(); err != nil {
			return config, who, err
		}
	}
	if a.userCert != "" {
		if who.Certificate, err = readCertificate(a.userCert); err != nil {
			return config, who, err
		}
		if who.Key, err = readKey(a.userKey, a.userCert, who.Certificate); err != nil {
			return config, who, err
		}
	}
	if !a.secure() {
		return config, who, nil
	}
	if config.Certificate, err = readCertificate(a.certificate); err != nil {
		return config, who, err
	}
	if config.Key, err = readKey(a.key, a.certificate, config.Certificate); err != nil {
		return config, who, err
	}
	if uri := applicationOf(config.Certificate); uri != "" {
		who.Application = uri
	}
	return config, who, nil
}

// readCertificate reads the first certificate of a file, in PEM or DER.
func readCertificate(path string) ([]byte, error) {
	der, err := keys.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", path, err)
	}
	if block := blockOf(der, "CERTIFICATE"); block != nil {
		der = block
	}
	der = channel.Leaf(der)
	if _, err := channel.PublicKey(der); err != nil {
		return nil, fmt.Errorf("%s is no certificate, in PEM or DER: %w", path, err)
	}
	return der, nil
}

// readKey reads the private key, which has to be that of the certificate in a file. What it says of mistakes tells nothing of the key.
func readKey(from keys.Secret, path string, certificate []byte) (*rsa.PrivateKey, error) {
	text, err := from.Read()
	if err != nil {
		return nil, err
	}
	key := parseKey([]byte(text))
	if key == nil {
		return nil, fmt.Errorf("%s is no private RSA key without a password, in PEM", from)
	}
	public, err := channel.PublicKey(certificate)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(public) {
		return nil, fmt.Errorf("%s is not the key of the certificate %s", from, path)
	}
	return key, nil
}

func parseKey(text []byte) *rsa.PrivateKey {
	if der := blockOf(text, "RSA PRIVATE KEY"); der != nil {
		key, _ := x509.ParsePKCS1PrivateKey(der)
		return key
	}
	if der := blockOf(text, "PRIVATE KEY"); der != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(der)
		key, _ := parsed.(*rsa.PrivateKey)
		return key
	}
	return nil
}

// blockOf returns the first block of a kind in PEM; nil if there is none.
func blockOf(text []byte, kind string) []byte {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil
		}
		if block.Type == kind {
			return block.Bytes
		}
		text = rest
	}
}

// applicationOf returns the URI that a certificate is of, which the server compares with that of the client.
func applicationOf(certificate []byte) string {
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil || len(parsed.URIs) == 0 {
		return ""
	}
	return parsed.URIs[0].String()
}
