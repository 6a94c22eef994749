package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

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
	request := encode(t, &roostv1.SendRequest{Command: &roostv1.Command{Id: "c1", DeviceId: "d1", Name: "set"}})
	var response roostv1.SendResponse
	if err := proto.Unmarshal(ask(t, nc, "roost.test.api.send", request).Data, &response); err != nil || response.Record.GetCommandId() != "c1" {
		t.Errorf("protobuf: got %v, %v", &response, err)
	}
}

// TestIngressBadRequests: whatever comes in on whatever subject, the caller is told what is wrong with it, in
// the message and in the headers that NATS tools show; and the gateway goes on.
func TestIngressBadRequests(t *testing.T) {
	nc := serving(t, newHost("g1"))
	const send, here, status, release = "roost.test.api.send", "roost.test.gateway.g1.send", "roost.test.gateway.g1.status", "roost.test.gateway.g1.release"
	large := bytes.Repeat([]byte(" "), 200<<10)
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
		{here, "\xff\xff\xff", roostv1.ErrInvalid, "protobuf"},
		{here, "", roostv1.ErrInvalid, "no command"},
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

// TestIngressBusy: requests do not wait for each other, and one too many is told so at once.
func TestIngressBusy(t *testing.T) {
	const most = 4
	h := newHost("g1")
	begun, let := make(chan struct{}, most), make(chan struct{})
	h.execute = func(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
		begun <- struct{}{}
		<-let
		return &roostv1.CommandRecord{CommandId: c.Id, State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED}, nil
	}
	nc := serving(t, h, func(c *cluster.Config) { c.MaxRequests = most })
	request := func(id string) *roostv1.SendResponse {
		var response roostv1.SendResponse
		data := encode(t, &roostv1.SendRequest{Command: &roostv1.Command{Id: id, DeviceId: "d1", Name: "set"}, Wait: seconds(60)})
		if err := proto.Unmarshal(ask(t, nc, "roost.test.api.send", data).Data, &response); err != nil {
			t.Error(err)
		}
		return &response
	}
	var running sync.WaitGroup
	for i := range most {
		running.Go(func() {
			if r := request(fmt.Sprint("c", i)); r.Record.GetState() != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
				t.Errorf("got %v", r)
			}
		})
	}
	for range most {
		<-begun // all of them at one time
	}
	if r := request("one-too-many"); !errors.Is(r.Status.Err(), roostv1.ErrBusy) {
		t.Errorf("one too many: got %v, want BUSY", r)
	}
	close(let)
	running.Wait()
}

// TestIngressAlwaysAnswers: a caller gets an answer also when the Host goes on, hangs, fails or panics.
func TestIngressAlwaysAnswers(t *testing.T) {
	h := newHost("g1")
	hang := make(chan struct{})
	defer close(hang)
	h.execute = func(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
		switch c.Name {
		case "slow": // still at it when the wait ends
			<-ctx.Done()
			return &roostv1.CommandRecord{CommandId: c.Id, State: roostv1.CommandState_COMMAND_STATE_DISPATCHED}, nil
		case "hang":
			<-hang
			return nil, nil
		case "panic":
			panic("a defect")
		case "nothing":
			return nil, nil
		}
		return nil, roostv1.Errorf(roostv1.ErrNotOwner, "not here")
	}
	nc := serving(t, h)
	request := func(name string) *roostv1.SendResponse {
		var response roostv1.SendResponse
		data := encode(t, &roostv1.SendRequest{Command: &roostv1.Command{Id: name, DeviceId: "d1", Name: name}, Wait: durationpb.New(50 * time.Millisecond)})
		if err := proto.Unmarshal(ask(t, nc, "roost.test.api.send", data).Data, &response); err != nil {
			t.Fatal(err)
		}
		return &response
	}
	if r := request("slow"); r.Record.GetState() != roostv1.CommandState_COMMAND_STATE_DISPATCHED {
		t.Errorf("slow: got %v, want the present record", r)
	}
	if r := request("hang"); r.Record.GetState() != roostv1.CommandState_COMMAND_STATE_UNKNOWN || r.Record.CommandId != "hang" {
		t.Errorf("hang: got %v, want UNKNOWN", r)
	}
	for name, want := range map[string]error{"panic": roostv1.ErrInternal, "nothing": roostv1.ErrInternal, "refuse": roostv1.ErrNotOwner} {
		if r := request(name); !errors.Is(r.Status.Err(), want) {
			t.Errorf("%s: got %v, want %v", name, r, want)
		}
	}
}

// TestIngressFitsAnswers: an answer is never larger than the hub takes: pages are cut, records lose what
// is not their outcome.
func TestIngressFitsAnswers(t *testing.T) {
	const many = 1200
	h := newHost("g1")
	h.execute = func(_ context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
		return &roostv1.CommandRecord{
			CommandId: c.Id, State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED,
			Results: map[string]*roostv1.Value{"log": roostv1.Bytes(make([]byte, 2<<20))},
		}, nil
	}
	hub := clustertest.Start(t)
	startGateway(t, hub, h)
	client := newClient(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range many {
		d := newDevice(fmt.Sprintf("d%04d", i))
		d.Labels = map[string]string{"note": strings.Repeat("x", 4<<10)}
		devices = append(devices, d)
	}
	apply(t, client, devices...)
	got := map[string]bool{}
	await(t, "assignments", h.calls, func(c hostCall) bool {
		got[c.bus] = true
		return len(got) == many
	})
	all, err := client.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	online := 0
	for _, d := range all {
		if d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE {
			online++
		}
	}
	if online != many {
		t.Errorf("got %d devices from the gateway, want %d", online, many)
	}
	record, err := client.Send(t.Context(), &roostv1.Command{Id: "c1", DeviceId: "d0000", Name: "dump"}, 0)
	if err != nil || record.CommandId != "c1" || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || record.Results != nil {
		t.Errorf("large record: got %v, %v; want its outcome", record.GetState(), err)
	}
}

// TestRelayToDeadOwner: when the owner is gone, a caller is told so, and not kept waiting.
func TestRelayToDeadOwner(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	put(t, hub.Connect(t), names.Owner("d1"), encode(t, &roostv1.Ownership{Bus: "d1", Gateway: "g9", Incarnation: "gone"}))
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"), newDevice("d2"))
	h.assigned(t, "d2", nil)
	_, err := client.Send(t.Context(), &roostv1.Command{DeviceId: "d1", Name: "set"}, 0)
	if !errors.Is(err, roostv1.ErrUnavailable) || !strings.Contains(err.Error(), "g9") {
		t.Errorf("send: got %v, want ErrUnavailable that names g9", err)
	}
	if err := client.Release(t.Context(), "d1"); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("release: got %v, want ErrUnavailable", err)
	}
	view, err := client.Device(t.Context(), "d1")
	if err != nil || view.Status.State != roostv1.DeviceState_DEVICE_STATE_UNPLACED {
		t.Errorf("device: got %v, %v", view.Status, err)
	}
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
		for _, subject := range []string{"roost.test.api.send", "roost.test.gateway.g1.send", "roost.test.gateway.g1.status", "roost.test.gateway.g1.release"} {
			reply := ask(t, nc, subject, data)
			if code := reply.Header.Get("Nats-Service-Error-Code"); code != "" && statusIn(t, subject, reply.Data).Err() == nil {
				t.Errorf("%s: headers say %s, the answer nothing", subject, code)
			}
		}
	})
}
