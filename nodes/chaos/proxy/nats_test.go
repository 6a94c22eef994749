package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// hubProxy is a proxy in front of a real server.
func hubProxy(t *testing.T) (*clustertest.Hub, *proxy.Proxy) {
	t.Helper()
	hub := clustertest.Start(t)
	return hub, start(t, proxy.Config{Target: strings.TrimPrefix(hub.URL(), "nats://")})
}

func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.ReconnectWait(20*time.Millisecond), nats.MaxReconnects(-1), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// What was published is stored, and who published it never hears so: the k-th acknowledgement is lost.
func TestAckLost(t *testing.T) {
	hub, p := hubProxy(t)
	js, err := jetstream.New(connect(t, hub.URL()))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	if err != nil {
		t.Fatal(err)
	}
	nc := connect(t, "nats://"+p.Addr())
	through, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	fired := p.Link("").Arm(proxy.Trigger{Direction: proxy.Up, Verb: proxy.VerbPub, Count: 3, Then: proxy.State{Down: proxy.Discard}})
	for i := range 3 {
		wait := patience
		if i == 2 {
			wait = 300 * time.Millisecond // for what does not come
		}
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, err = through.Publish(ctx, fmt.Sprintf("s.%d", i), []byte("x"), jetstream.WithRetryAttempts(0))
		cancel()
		if (err != nil) != (i == 2) {
			t.Fatalf("publish %d: %v", i, err)
		}
	}
	<-fired
	info, err := stream.Info(t.Context())
	if err != nil || info.State.Msgs != 3 {
		t.Errorf("the stream has %d messages, %v, want all 3", info.State.Msgs, err)
	}
	if c := p.Link("").Counters(); c.Messages[proxy.Down][proxy.VerbPubAck] != 3 || c.Lost[proxy.Down] == 0 {
		t.Errorf("counters %+v: want 3 acknowledgements, the last of them lost", c)
	}
	p.Link("").Set(proxy.State{})
	await(t, "it is connected again", func() bool { return nc.IsConnected() && nc.Stats().Reconnects > 0 })
}

// The k-th publish and what comes after it does not pass.
func TestCutAfterPublish(t *testing.T) {
	hub, p := hubProxy(t)
	near := connect(t, hub.URL())
	sub, err := near.SubscribeSync("s")
	if err != nil || near.Flush() != nil {
		t.Fatal(err)
	}
	nc := connect(t, "nats://"+p.Addr())
	fired := p.Link("").Arm(proxy.Trigger{Direction: proxy.Up, Verb: proxy.VerbPub, Count: 2, Then: proxy.State{}, Reset: true})
	for i := range 4 {
		if err := nc.PublishMsg(&nats.Msg{Subject: "s", Header: nats.Header{"I": {fmt.Sprint(i)}}, Data: []byte("PUB s 3\r\n")}); err != nil {
			t.Fatal(err)
		}
	}
	<-fired
	for range 2 {
		if _, err := sub.NextMsg(patience); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "it is connected again", func() bool { return nc.IsConnected() && nc.Stats().Reconnects > 0 })
	if m, err := sub.NextMsg(50 * time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("a third one came: %v, %v", m, err)
	}
}

// Messages are counted whatever is in them, and wherever they are torn.
func TestMessagesAreCounted(t *testing.T) {
	hub, p := hubProxy(t)
	nc := connect(t, "nats://"+p.Addr())
	sub, err := nc.SubscribeSync("s")
	if err != nil {
		t.Fatal(err)
	}
	const many = 500
	for i := range many {
		if err := nc.Publish("s", []byte(strings.Repeat("PING\r\nMSG a 1 2\r\n", i))); err != nil {
			t.Fatal(err)
		}
	}
	for range many {
		if _, err := sub.NextMsg(patience); err != nil {
			t.Fatal(err)
		}
	}
	c := p.Link("").Counters()
	if c.Messages[proxy.Up][proxy.VerbPub] != many || c.Messages[proxy.Down][proxy.VerbMsg] != many || c.Messages[proxy.Up][proxy.VerbPing] > 5 {
		t.Errorf("counted %v, want %d each way", c.Messages, many)
	}
	_ = hub
}
