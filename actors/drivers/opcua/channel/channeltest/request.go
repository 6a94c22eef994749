package channeltest

import (
	"encoding/binary"
	"time"

	"github.com/gopcua/opcua/ua"
)

// Request is one of a client.
type Request struct {
	ua.Request
	id         uint32
	kind       string
	connection *connection
}

// Answer answers with a response.
func (r *Request) Answer(response ua.Response) { r.Fault(response, ua.StatusOK) }

// Fault answers with a response that has a code in its header.
func (r *Request) Fault(response ua.Response, code ua.StatusCode) {
	response.SetHeader(&ua.ResponseHeader{
		Timestamp: time.Now(), RequestHandle: r.Header().RequestHandle, ServiceResult: code, ServiceDiagnostics: new(ua.DiagnosticInfo),
	})
	kind, err := ua.NewFourByteExpandedNodeID(0, ua.ServiceTypeID(response)).Encode()
	if err != nil {
		panic(err)
	}
	body, err := ua.Encode(response)
	if err != nil {
		panic(err)
	}
	r.Body('F', append(kind, body...))
}

// Body answers with the body of a message, or a part of it: F is its last, C is not, and A breaks it off.
func (r *Request) Body(chunk byte, body []byte) {
	r.connection.mu.Lock()
	defer r.connection.mu.Unlock()
	r.connection.sent++
	plain := binary.LittleEndian.AppendUint32(nil, r.connection.sent)
	plain = binary.LittleEndian.AppendUint32(plain, r.id)
	_, _ = r.connection.conn.Write(r.frame(chunk, append(plain, body...)))
}

// Another is the same request under another number.
func (r *Request) Another(id uint32) *Request {
	other := *r
	other.id = r.id + id
	return &other
}

// Skip leaves out numbers of messages.
func (r *Request) Skip(n uint32) {
	r.connection.mu.Lock()
	defer r.connection.mu.Unlock()
	r.connection.sent += n
}

// Raw sends bytes as they are.
func (r *Request) Raw(bytes []byte) { _, _ = r.connection.conn.Write(bytes) }

// Cut ends the connection.
func (r *Request) Cut() { _ = r.connection.conn.Close() }

const channelID = 7

// frame returns a frame with its headers.
func (r *Request) frame(chunk byte, plain []byte) []byte {
	security := binary.LittleEndian.AppendUint32(nil, r.connection.token)
	if r.kind == "OPN" {
		b := ua.NewBuffer(nil)
		b.WriteString(ua.SecurityPolicyURINone)
		b.WriteByteString(nil)
		b.WriteByteString(nil)
		security = b.Bytes()
	}
	frame := append([]byte(r.kind), chunk)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(12+len(security)+len(plain)))
	frame = binary.LittleEndian.AppendUint32(frame, channelID)
	return append(append(frame, security...), plain...)
}

// Usual answers what belongs to channels and sessions, as the server does by itself.
func (r *Request) Usual() {
	switch q := r.Request.(type) {
	case *ua.OpenSecureChannelRequest:
		lifetime := r.connection.server.Lifetime
		if lifetime == 0 {
			lifetime = time.Hour
		}
		next := r.connection.token + 1
		r.Answer(&ua.OpenSecureChannelResponse{SecurityToken: &ua.ChannelSecurityToken{
			ChannelID: channelID, TokenID: next, CreatedAt: time.Now(), RevisedLifetime: uint32(lifetime / time.Millisecond),
		}})
		r.connection.token = next
	case *ua.CreateSessionRequest:
		r.Answer(&ua.CreateSessionResponse{
			SessionID: ua.NewNumericNodeID(1, 1), AuthenticationToken: ua.NewNumericNodeID(1, 2), RevisedSessionTimeout: q.RequestedSessionTimeout,
			ServerSignature: new(ua.SignatureData),
			ServerEndpoints: []*ua.EndpointDescription{{
				EndpointURL: r.connection.server.Endpoint(), SecurityMode: ua.MessageSecurityModeNone, SecurityPolicyURI: ua.SecurityPolicyURINone,
				Server:             &ua.ApplicationDescription{ApplicationName: ua.NewLocalizedText("test")},
				UserIdentityTokens: []*ua.UserTokenPolicy{{PolicyID: "anybody", TokenType: ua.UserTokenTypeAnonymous}},
			}},
		})
	case *ua.ActivateSessionRequest:
		r.Answer(new(ua.ActivateSessionResponse))
	case *ua.CloseSessionRequest:
		r.Answer(new(ua.CloseSessionResponse))
	case *ua.ReadRequest:
		r.Answer(&ua.ReadResponse{Results: Values(len(q.NodesToRead), 1.5)})
	default:
		r.Fault(new(ua.ServiceFault), ua.StatusBadServiceUnsupported)
	}
}

// Values are good values of nodes, all the same.
func Values(n int, value any) []*ua.DataValue {
	values := make([]*ua.DataValue, n)
	for i := range values {
		values[i] = &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(value)}
	}
	return values
}
