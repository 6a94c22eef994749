package hub_test

import (
	"crypto/tls"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/roost-iot/roost/cluster/access"
)

// strangers dial routes as a fourth hub: without certificates, and with the authority's only, as every gateway has it.
func strangers(t *testing.T, routes []string, c *access.Credential) {
	t.Helper()
	config := must(c.TLS())(t)
	config.ServerName = "127.0.0.1"
	for name, config := range map[string]*tls.Config{"nothing": nil, "the authority": config} {
		if s := stranger(t, routes, config); joins(s) {
			t.Errorf("a stranger who has %s is one of the hubs", name)
		}
	}
}

// stranger is a server that wants to be one of the hubs of cluster north.
func stranger(t *testing.T, routes []string, config *tls.Config) *server.Server {
	t.Helper()
	o := &server.Options{ServerName: "stranger", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
		Cluster: server.ClusterOpts{Name: "north", Host: "127.0.0.1", Port: server.RANDOM_PORT, TLSConfig: config, TLSTimeout: 5}}
	for _, route := range routes {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: route})
	}
	s := must(server.NewServer(o))(t)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

// joins reports whether a server has a route to any other, after it has tried it more than once.
func joins(s *server.Server) bool {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 50 {
		if <-ticker.C; s.NumRoutes() > 0 {
			return true
		}
	}
	return false
}
