package opcua_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
)

// TestOpenFails: what a server does not do when a session opens is an error in time, and nothing is left.
func TestOpenFails(t *testing.T) {
	for name, test := range map[string]struct {
		refuses ua.Request
		answer  func(*channeltest.Request)
	}{
		"no session":                 {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadTooManySessions) }},
		"no user":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadIdentityTokenRejected) }},
		"another answer":             {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Answer(new(ua.ReadResponse)) }},
		"a session without anything": {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Body('F', []byte{1, 0, 0xd0, 1}) }},
		"the end":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Cut() }},
		"nothing":                    {new(ua.CreateSessionRequest), func(*channeltest.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := channeltest.Start(t, func(r *channeltest.Request) bool {
				if ua.ServiceTypeID(r.Request) != ua.ServiceTypeID(test.refuses) {
					return false
				}
				test.answer(r)
				return true
			})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			session, err := newDriver().Open(ctx, scripted(s, "", level()))
			if err == nil {
				_ = session.Close(ctx)
				t.Fatal("it opened")
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if errors.Is(err, channel.ErrClosed) {
				t.Errorf("the reason is lost: %v", err)
			}
		})
	}
}

// TestClose: the server is told, but not when the gateway may not speak to it any more.
func TestClose(t *testing.T) {
	var told atomic.Int32
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.CloseSessionRequest); ok {
			told.Add(1)
		}
		return false
	})
	for want, ended := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		session, err := newDriver().Open(ctx, scripted(s, "", level()))
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			cancel()
		}
		if err := session.Close(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if got := told.Load(); got != int32(want) {
			t.Errorf("with a context that has ended (%v) the server was told %d times", ended, got)
		}
	}
}

// TestPasswords: a password leaves in clear only where that is allowed.
func TestPasswords(t *testing.T) {
	var seen atomic.Value
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		switch q := r.Request.(type) {
		case *ua.CreateSessionRequest:
			r.Answer(&ua.CreateSessionResponse{
				SessionID: ua.NewNumericNodeID(1, 1), AuthenticationToken: ua.NewNumericNodeID(1, 2), ServerSignature: new(ua.SignatureData),
				ServerEndpoints: []*ua.EndpointDescription{{
					SecurityMode: ua.MessageSecurityModeNone, SecurityPolicyURI: ua.SecurityPolicyURINone,
					Server:             &ua.ApplicationDescription{ApplicationName: ua.NewLocalizedText("test")},
					UserIdentityTokens: []*ua.UserTokenPolicy{{PolicyID: "users", TokenType: ua.UserTokenTypeUserName}},
				}},
			})
			return true
		case *ua.ActivateSessionRequest:
			if token, ok := q.UserIdentityToken.Value.(*ua.UserNameIdentityToken); ok {
				seen.Store(token.UserName + " " + string(token.Password))
			}
		}
		return false
	})
	t.Setenv("ROOST_TEST_PASSWORD", "hunter2")
	_, err := newDriver().Open(t.Context(), scripted(s, "user=anna password=env:ROOST_TEST_PASSWORD", level()))
	if !errors.Is(err, channel.ErrClear) || strings.Contains(err.Error(), "hunter2") || seen.Load() != nil {
		t.Errorf("a server that takes passwords in clear: %v, and it saw %v", err, seen.Load())
	}
	open(t, scripted(s, "user=anna clear=true password=env:ROOST_TEST_PASSWORD", level()))
	if got := seen.Load(); got != "anna hunter2" {
		t.Errorf("the server saw %v", got)
	}
	if _, err := newDriver().Open(t.Context(), scripted(s, "", level())); err == nil || !strings.Contains(err.Error(), "lets nobody in without a user") {
		t.Errorf("nobody was let in with %v", err)
	}
	if _, err := newDriver().Open(t.Context(), scripted(s, "user=anna password=env:ROOST_TEST_NO_PASSWORD", level())); err == nil || !strings.Contains(err.Error(), "env:ROOST_TEST_NO_PASSWORD") {
		t.Errorf("a password that is not there: %v", err)
	}
}

// TestUserCertificate: a user that has a certificate proves that it has the key, for this server and this session, and does not send it.
func TestUserCertificate(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "user.pem", userPair().certificate)
	write(t, folder, "user.key", userPair().key)
	server, user := leaf(t, serverPair()), leaf(t, userPair())
	nonce := bytes.Repeat([]byte{7}, 32)
	var policy atomic.Value
	activated := make(chan *ua.ActivateSessionRequest, 1)
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		switch q := r.Request.(type) {
		case *ua.CreateSessionRequest:
			r.Answer(&ua.CreateSessionResponse{
				SessionID: ua.NewNumericNodeID(1, 1), AuthenticationToken: ua.NewNumericNodeID(1, 2), ServerSignature: new(ua.SignatureData),
				ServerCertificate: server.Raw, ServerNonce: nonce,
				ServerEndpoints: []*ua.EndpointDescription{{
					SecurityMode: ua.MessageSecurityModeNone, SecurityPolicyURI: ua.SecurityPolicyURINone,
					Server: &ua.ApplicationDescription{ApplicationName: ua.NewLocalizedText("test")},
					UserIdentityTokens: []*ua.UserTokenPolicy{
						{PolicyID: "names", TokenType: ua.UserTokenTypeUserName, SecurityPolicyURI: ua.SecurityPolicyURIBasic256Sha256},
						{PolicyID: "certificates", TokenType: ua.UserTokenTypeCertificate, SecurityPolicyURI: policy.Load().(string)},
					},
				}},
			})
			return true
		case *ua.ActivateSessionRequest:
			activated <- q
		}
		return false
	})
	address := "user_certificate=" + folder + "/user.pem user_key=file:" + folder + "/user.key"
	policy.Store(ua.SecurityPolicyURIBasic256Sha256)
	open(t, scripted(s, address, level()))
	q := <-activated
	token, ok := q.UserIdentityToken.Value.(*ua.X509IdentityToken)
	if !ok || token.PolicyID != "certificates" || !bytes.Equal(token.CertificateData, user.Raw) {
		t.Fatalf("the server was shown %+v", q.UserIdentityToken.Value)
	}
	sum := sha256.Sum256(append(bytes.Clone(server.Raw), nonce...))
	if err := rsa.VerifyPKCS1v15(user.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], q.UserTokenSignature.Signature); err != nil {
		t.Errorf("the proof, by %s, is not of this server and session: %v", q.UserTokenSignature.Algorithm, err)
	}
	policy.Store(ua.SecurityPolicyURINone)
	if _, err := newDriver().Open(t.Context(), scripted(s, address, level())); err == nil || !strings.Contains(err.Error(), "without proof only") {
		t.Errorf("a server that wants no proof: %v", err)
	}
}

// leaf returns the certificate of a pair.
func leaf(t *testing.T, c certified) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(c.certificate)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
