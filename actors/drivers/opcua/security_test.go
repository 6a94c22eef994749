package opcua_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const secured = "server_certificate=$/server.pem certificate=$/client.pem key=file:$/client.key "

// security: values come and go in all modes of security, also of users.
func (p *peer) security(t *testing.T) {
	for _, address := range []string{
		"security=Basic256Sha256 mode=Sign", "security=Basic256Sha256", "security=Aes128_Sha256_RsaOaep mode=Sign", "security=Aes128_Sha256_RsaOaep",
		"security=Aes256_Sha256_RsaPss mode=Sign", "security=Aes256_Sha256_RsaPss mode=SignAndEncrypt",
		"security=Basic256Sha256 mode=Sign user_certificate=$/user.pem user_key=file:$/user.key",
		"security=Aes256_Sha256_RsaPss user_certificate=$/user.pem user_key=file:$/user.key",
		"security=Basic256Sha256 user=anna password=file:$/password", "security=Aes256_Sha256_RsaPss mode=Sign user=anna password=file:$/password",
	} {
		t.Run(strings.ReplaceAll(address, "$", ""), func(t *testing.T) {
			s := open(t, p.device(secured+address, kinds()...))
			if _, err := act(t, s, setting("string", roostv1.Text(address))); err != nil {
				t.Fatal(err)
			}
			if _, err := act(t, s, setting("text", roostv1.Text(strings.Repeat("long", 10_000)))); err != nil { // more than a frame of some
				t.Fatal(err)
			}
			wantValues(t, s, map[string]string{"string": roostv1.Text(address).Format(), "text": strings.Repeat("long", 10_000)})
		})
	}
}

// users: without security a user's password is encrypted all the same.
func (p *peer) users(t *testing.T) {
	s := open(t, p.device("user=anna password=file:$/password", kinds()...))
	wantValues(t, s, map[string]string{"none": "NOT_CONNECTED"})
	s = open(t, p.device("user_certificate=$/user.pem user_key=file:$/user.key", kinds()...))
	wantValues(t, s, map[string]string{"none": "NOT_CONNECTED"})
}

// strangers: nobody is let in, or spoken to, who is not known.
func (p *peer) strangers(t *testing.T) {
	for _, test := range []struct {
		name, address, says string
		is                  error
	}{
		{"wrong password", "user=anna password=file:$/wrong", "activate the session", nil},
		{"wrong password of a secure user", secured + "security=Basic256Sha256 user=anna password=file:$/wrong", "activate the session", nil},
		{"a user that the server does not know", secured + "security=Basic256Sha256 user_certificate=$/other.pem user_key=file:$/other.key", "activate the session", nil},
		{"a user with the key of another", "user_certificate=$/user.pem user_key=file:$/other.key", "is not the key of the certificate", nil},
		{"another server", "security=Basic256Sha256 server_certificate=$/other.pem certificate=$/client.pem key=file:$/client.key", "", nil},
		{"another server in clear", "server_certificate=$/other.pem", "", channel.ErrOtherServer},
		{"a client that the server does not know", "security=Basic256Sha256 server_certificate=$/server.pem certificate=$/other.pem key=file:$/other.key", "", nil},
		{"a key of another", "security=Basic256Sha256 server_certificate=$/server.pem certificate=$/client.pem key=file:$/other.key", "is not the key of the certificate", nil},
		{"no key", "security=Basic256Sha256 server_certificate=$/server.pem certificate=$/client.pem key=file:$/client.pem", "is no private RSA key", nil},
		{"no certificate", "security=Basic256Sha256 server_certificate=$/password certificate=$/client.pem key=file:$/client.key", "is no certificate", nil},
		{"a folder", "security=Basic256Sha256 server_certificate=$ certificate=$/client.pem key=file:$/client.key", "it is no regular file", nil},
		{"no file", "security=Basic256Sha256 server_certificate=$/none certificate=$/client.pem key=file:$/client.key", "none", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			s, err := newDriver().Open(ctx, p.device(test.address, kinds()...))
			if err == nil {
				_ = s.Close(ctx)
			}
			if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("opened with %v, want %q, %v", err, test.says, test.is)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is told: %v", err)
			}
			t.Log(err)
		})
	}
}

// keys: they are renewed before the server throws them away, which node-opcua does after a little more than three seconds at the least.
func (p *peer) keys(t *testing.T) {
	config := channel.Config{
		Address: strings.TrimSuffix(strings.TrimPrefix(p.endpoint, "opc.tcp://"), "/plant"), Endpoint: p.endpoint, Lifetime: time.Second,
		Policy: ua.SecurityPolicyURIBasic256Sha256, Mode: ua.MessageSecurityModeSignAndEncrypt,
		Certificate: der(clientPair().certificate), Server: der(serverPair().certificate),
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der(clientPair().key))
	if err != nil {
		t.Fatal(err)
	}
	config.Key = parsed.(*rsa.PrivateKey)
	c, err := channel.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 45 {
		<-tick.C
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := c.Do(ctx, nil, &ua.GetEndpointsRequest{EndpointURL: p.endpoint})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func der(text []byte) []byte {
	block, _ := pem.Decode(text)
	return block.Bytes
}
