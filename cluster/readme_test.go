package cluster_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestReadmeConfig: the settings for a stock nats-server are understood by one, and say what they are
// there to say.
func TestReadmeConfig(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```\n(server_name:.*?)```").FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md has no settings for nats-server")
	}
	var o server.Options
	if err := o.ProcessConfigString(string(found[1])); err != nil {
		t.Fatal(err)
	}
	if !o.JetStream || !o.SyncAlways || o.MaxPayload != 1<<20 || o.PingInterval != 5*time.Second || o.MaxPingsOut != 3 {
		t.Errorf("got JetStream %t, SyncAlways %t, MaxPayload %d, pings %d times each %v",
			o.JetStream, o.SyncAlways, o.MaxPayload, o.MaxPingsOut, o.PingInterval)
	}
	if c := o.Cluster; c.Name == "" || !c.NoAdvertise || c.PingInterval != 2*time.Second || c.MaxPingsOut != 3 || len(o.Routes) != 2 {
		t.Errorf("got the cluster %+v with routes to %v", c, o.Routes)
	}
}
