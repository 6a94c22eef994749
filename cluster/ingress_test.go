package cluster_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// serving is a gateway g1 that serves the device d1, and a plain NATS connection to ask it with.
func serving(t *testing.T, h *host, change ...func(*cluster.Config)) *nats.Conn {
	t.Helper()
	hub := clustertest.Start(t)
	startGateway(t, hub, h, change...)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	return hub.Connect(t)
}

// ask sends a request and returns the answer, also when the micro service says that it is an error.
func ask(tb testing.TB, nc *nats.Conn, subject string, data []byte) *nats.Msg {
	tb.Helper()
	reply, err := nc.Request(subject, data, askWait)
	if err != nil {
		tb.Fatalf("ask %s: %v", subject, err)
	}
	return reply
}

// TestIngressAnyClient: a client that knows only NATS and JSON sends a command.
func TestIngressAnyClient(t *testing.T) {
	nc := serving(t, newHost("g1"))
	reply := ask(t, nc, "roost.test.api.send", []byte(` {"command": {"deviceId": "d1", "name": "set", "arguments": {"limit": {"double": 21.5}}}}`))
	var answer struct {
		Record struct{ CommandID, DeviceID, State, Gateway string }
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		t.Fatalf("answer %q: %v", reply.Data, err)
	}
	if r := answer.Record; r.CommandID == "" || r.DeviceID != "d1" || r.State != "COMMAND_STATE_SUCCEEDED" || r.Gateway != "g1" {
		t.Errorf("got %s", reply.Data)
	}
	request := encode(t, &roostv1.SendRequest{Command: setLimit("c1", "d1")})
	var response roostv1.SendResponse
	if err := proto.Unmarshal(ask(t, nc, "roost.test.api.send", request).Data, &response); err != nil || response.Record.GetCommandId() != "c1" {
		t.Errorf("protobuf: got %v, %v", &response, err)
	}
}

// TestIngressBadRequests: whatever comes in on whatever subject, the caller is told what is wrong with it, in
// the message and in the headers that NATS tools show; and the gateway goes on.
func TestIngressBadRequests(t *testing.T) {
	nc := serving(t, newHost("g1"))
	const send, command, cancel, status, release = "roost.test.api.send", "roost.test.api.command", "roost.test.api.cancel", "roost.test.gateway.g1.status", "roost.test.gateway.g1.release"
	large := bytes.Repeat([]byte(" "), 1<<20)
	tests := []struct {
		subject, data string
		code          roostv1.Code
		text          string
	}{
		{send, "", roostv1.ErrInvalid, "no command"},
		{send, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{send, `{"command":`, roostv1.ErrInvalid, "SendRequest"},
		{send, `{"comand": {}}`, roostv1.ErrInvalid, "comand"},
		{send, string(large), roostv1.ErrInvalid, "bytes"},
		{send, `{"command": {"deviceId": "d1", "name": "set"}, "wait": "-1s"}`, roostv1.ErrInvalid, "wait"},
		{send, `{"command": {"deviceId": "d1", "name": "set"}, "wait": "301s"}`, roostv1.ErrInvalid, "wait"},
		{send, `{"command": {"deviceId": "d.*", "name": "set"}}`, roostv1.ErrInvalid, "device id"},
		{send, `{"command": {"deviceId": "d1"}}`, roostv1.ErrInvalid, "name"},
		{send, `{"command": {"id": "a b", "deviceId": "d1", "name": "set"}}`, roostv1.ErrInvalid, "id"},
		{send, `{"command": {"deviceId": "d9", "name": "set"}}`, roostv1.ErrNotFound, "d9"},
		{send, `{"command": {"deviceId": "d1", "name": "set", "arguments": {"limit": {"string": "x"}}}}`, roostv1.ErrInvalid, "limit"},
		{send, `{"command": {"deviceId": "d1", "name": "dance"}}`, roostv1.ErrNotFound, "dance"},
		{send, `{"command": {"deviceId": "d1", "name": "set", "expiresIn": "-5s"}}`, roostv1.ErrInvalid, "expires_in"},
		{send, `{"command": {"deviceId": "d1", "name": "set", "expiresIn": "315576000000s"}}`, roostv1.ErrInvalid, "expires_in"},
		{command, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{command, "", roostv1.ErrInvalid, "device id"},
		{command, `{"deviceId": "d1"}`, roostv1.ErrInvalid, "command id"},
		{command, `{"deviceId": "d1", "commandId": "never"}`, roostv1.ErrNotFound, "never"},
		{command, `{"deviceId": "d1", "commandId": "c", "wait": "-1s"}`, roostv1.ErrInvalid, "wait"},
		{command, string(large), roostv1.ErrInvalid, "bytes"},
		{cancel, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{cancel, `{"deviceId": "d1", "commandId": "a.b"}`, roostv1.ErrInvalid, "command id"},
		{cancel, `{"deviceId": "d1", "commandId": "never"}`, roostv1.ErrNotFound, "never"},
		{cancel, string(large), roostv1.ErrInvalid, "bytes"},
		{status, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{status, `{"deviceId": 7.5}`, roostv1.ErrInvalid, "JSON"},
		{status, `{"deviceId": "d9"}`, roostv1.ErrNotFound, "d9"},
		{status, string(large), roostv1.ErrInvalid, "bytes"},
		{release, "", roostv1.ErrInvalid, "device id"},
		{release, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{release, `{"deviceId": "d.*"}`, roostv1.ErrInvalid, "device id"},
		{release, `{"deviceId": "d9"}`, roostv1.ErrNotOwner, "d9"},
	}
	for _, test := range tests {
		reply := ask(t, nc, test.subject, []byte(test.data))
		got := statusIn(t, test.subject, reply.Data)
		if !errors.Is(got.Err(), test.code) || !strings.Contains(got.Message, test.text) {
			t.Errorf("%s %.40q: got %v, want %v with %q", test.subject, test.data, got, test.code, test.text)
		}
		if want := strings.TrimPrefix(test.code.String(), "CODE_"); reply.Header.Get("Nats-Service-Error-Code") != want {
			t.Errorf("%s %.40q: headers %v, want code %s", test.subject, test.data, reply.Header, want)
		}
	}
	if reply := ask(t, nc, status, nil); reply.Header.Get("Nats-Service-Error") != "" {
		t.Errorf("a good request after them: %v", reply.Header)
	}
}

// statusIn returns the status of an answer, in protobuf or JSON.
func statusIn(tb testing.TB, subject string, data []byte) *roostv1.Status {
	tb.Helper()
	var m interface {
		proto.Message
		GetStatus() *roostv1.Status
	} = &roostv1.SendResponse{}
	if strings.HasSuffix(subject, ".status") {
		m = &roostv1.StatusResponse{}
	} else if strings.HasSuffix(subject, ".release") {
		m = &roostv1.ReleaseResponse{}
	}
	var err error
	if bytes.HasPrefix(data, []byte("{")) {
		err = protojson.Unmarshal(data, m)
	} else {
		err = proto.Unmarshal(data, m)
	}
	if err != nil {
		tb.Fatalf("answer of %s: %v", subject, err)
	}
	return m.GetStatus()
}

// FuzzIngress: whatever bytes come in, on whatever subject, there is an answer.
func FuzzIngress(f *testing.F) {
	for _, seed := range []string{"", "{", "\xff", `{"command":{"deviceId":"d1","name":"set"}}`, "\x0a\x09\x12\x02d1\x1a\x03set", `{"deviceId":"d1"}`} {
		f.Add([]byte(seed))
	}
	hub := clustertest.Start(f)
	h := newHost("g1")
	startGateway(f, hub, h)
	apply(f, newClient(f, hub), newDevice("d1"))
	h.assigned(f, "d1", nil)
	nc := hub.Connect(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, subject := range []string{"roost.test.api.send", "roost.test.api.command", "roost.test.api.cancel", "roost.test.gateway.g1.status", "roost.test.gateway.g1.release"} {
			reply := ask(t, nc, subject, data)
			if code := reply.Header.Get("Nats-Service-Error-Code"); code != "" && statusIn(t, subject, reply.Data).Err() == nil {
				t.Errorf("%s: headers say %s, the answer nothing", subject, code)
			}
		}
	})
}
