package clustertest

import (
	"errors"
	"fmt"
	"net"
	neturl "net/url"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTimeout bounds how long a hub may take to serve; far more than it needs.
const startTimeout = 20 * time.Second

func url(port int) string { return fmt.Sprintf("nats://127.0.0.1:%d", port) }

// site is what a server is started with.
type site struct {
	Name  string
	Dir   string
	Port  int   // for clients; RANDOM_PORT is any
	Route int   // port for the other two; 0 for a hub that runs alone
	Peers []int // their Routes

	Config string // file with more of the server's settings; empty: there are none
}

func (s site) options() *server.Options {
	o := &server.Options{
		ServerName: s.Name,
		Host:       "127.0.0.1",
		Port:       s.Port,
		JetStream:  true,
		StoreDir:   s.Dir,
		SyncAlways: true,
		NoSigs:     true,
		NoLog:      true,
	}
	if s.Route == 0 {
		return o
	}
	o.Cluster = server.ClusterOpts{
		Name: "trio", Host: "127.0.0.1", Port: s.Route,
		NoAdvertise: true, PingInterval: 2 * time.Second, MaxPingsOut: 3,
	}
	for _, peer := range s.Peers {
		o.Routes = append(o.Routes, &neturl.URL{Scheme: "nats-route", Host: fmt.Sprintf("127.0.0.1:%d", peer)})
	}
	return o
}

// embedded is a server inside the test process.
type embedded struct {
	server *server.Server // nil while stopped
}

func (e *embedded) start(at site) (int, error) {
	options := at.options()
	if at.Config != "" {
		if err := options.ProcessConfigFile(at.Config); err != nil {
			return 0, err
		}
	}
	s, err := server.NewServer(options)
	if err != nil {
		return 0, err
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) || !s.JetStreamEnabled() {
		s.Shutdown()
		return 0, errors.New("the server does not serve")
	}
	e.server = s
	return s.Addr().(*net.TCPAddr).Port, nil
}

func (e *embedded) stop() {
	if e.server == nil {
		return
	}
	e.server.Shutdown()
	e.server.WaitForShutdown()
	e.server = nil
}

func (e *embedded) kill() { e.stop() }
