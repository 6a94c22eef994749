package cluster_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestForgedIdentity: whatever a limited user says of himself, he is taken for who the hub knows him to be.
func TestForgedIdentity(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	ben := f.hub.Dial(t, "ben")
	request := func(id string) []byte {
		c := setLimit(id, "d2")
		c.Sender = "ann"
		data := encode(t, &roostv1.SendRequest{Command: c})
		// Fields that a later version, or a wrong one, might take for the identity.
		return append(data, encode(t, &roostv1.CommandRecord{SubmittedBy: &roostv1.Identity{Name: "ann", Role: "operator"}})...)
	}
	own := f.names.Send() + ".limited.ben"
	for i, headers := range []nats.Header{
		nil, {"Roost-Identity": {"ann"}}, {"Submitted-By": {"ann"}},
		{"Nats-Request-Info": {`{"acc":"TALK","user":"ann"}`}},
	} {
		reply, err := ben.Talk.RequestMsg(&nats.Msg{Subject: own, Data: request(fmt.Sprint("own", i)), Header: headers}, askWait)
		if err != nil {
			t.Fatal(err)
		}
		var response roostv1.SendResponse
		if err := proto.Unmarshal(reply.Data, &response); err != nil || response.Status.GetCode() != roostv1.ErrPermission {
			t.Errorf("headers %v: got %v, %v, want PERMISSION_DENIED", headers, &response, err)
		}
	}
	for _, subject := range []string{
		f.names.Send() + ".operator.ann", f.names.Send() + ".operator.ben", f.names.Send() + ".limited.bob",
		f.names.Send(), f.names.CancelCommand() + ".operator.ann",
	} {
		if reply, err := ben.Talk.Request(subject, request("other"), 100*time.Millisecond); err == nil {
			t.Errorf("at %s: got %s", subject, reply.Data)
		}
	}
	for _, id := range []string{"own0", "own1", "own2", "own3", "other"} {
		if kept := recordAt(t, f.admin, f.names, "d2", id); kept != nil {
			t.Errorf("%s was recorded: %v", id, kept)
		}
	}
}

// TestLyingClient: a program that takes itself for another one's is told at once that the hub does not.
func TestLyingClient(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	link := f.hub.Dial(t, "ben")
	link.Name, link.Role = "ann", access.RoleOperator
	client, err := cluster.NewClientOver(link, "test")
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	for act, err := range map[string]error{
		"send":    second(client.Send(t.Context(), setLimit("c1", "d1"), askWait)),
		"find":    second(client.Command(t.Context(), "d1", "c1", askWait)),
		"cancel":  second(client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: "d1", CommandId: "c1"}, askWait)),
		"release": client.Release(t.Context(), "d1"),
		"drain":   client.Drain(t.Context(), "g1"),
	} {
		if !errors.Is(err, roostv1.ErrPermission) {
			t.Errorf("%s: got %v, want ErrPermission", act, err)
		}
	}
	if took := time.Since(started); took > askWait {
		t.Errorf("all of it took %v, want an answer at once", took)
	}
	if _, err := client.Apply(t.Context(), fleetOf(sited("d3", "north"))); err == nil {
		t.Error("the registry was written")
	}
}

func second[T any](_ T, err error) error { return err }

// TestReplyElsewhere: a gateway answers in inboxes only, and who is known by name in his own. It may publish
// what others may not, and would do it for them.
func TestReplyElsewhere(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	g2 := f.hub.Dial(t, "g2").Talk
	caught, err := g2.SubscribeSync(f.names.Live("g2", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if err := g2.Flush(); err != nil {
		t.Fatal(err)
	}
	ben, vic := f.hub.Dial(t, "ben").Talk, f.hub.Dial(t, "vic").Talk
	inbox, err := vic.SubscribeSync("_INBOX.vic.x")
	if err != nil {
		t.Fatal(err)
	}
	if err := vic.Flush(); err != nil {
		t.Fatal(err)
	}
	send := encode(t, &roostv1.SendRequest{Command: setLimit("", "d1")})
	for reply, subject := range map[string]string{
		f.names.Live("g2", "g1"): f.names.GatewayStatus("g1"), // g1 may publish there
		f.names.Event("g1"):      f.names.GatewayStatus("g1"),
		f.names.Live("g2", "x"):  f.names.Send() + ".limited.ben",
		"_INBOX.vic.x":           f.names.Send() + ".limited.ben",
	} {
		if err := ben.PublishRequest(subject, reply, send); err != nil {
			t.Fatal(err)
		}
	}
	// What was dropped is dropped before the answer to this, which is asked for after it.
	if _, err := ben.Request(f.names.GatewayStatus("g1"), nil, askWait); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Request(f.names.Send()+".limited.ben", send, askWait); err != nil {
		t.Fatal(err)
	}
	for _, nc := range []*nats.Conn{g2, vic} {
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []*nats.Subscription{caught, inbox} {
		if n, _, err := sub.Pending(); err != nil || n != 0 {
			t.Errorf("at %s: got %d answers, %v", sub.Subject, n, err)
		}
	}
	for record, err := range f.client(t, "vic").Commands(t.Context(), cluster.CommandQuery{}) {
		if err == nil && record.SubmittedBy.GetName() != "ben" {
			t.Errorf("got %v", record)
		}
	}
}
