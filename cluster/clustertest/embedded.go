package clustertest

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTimeout bounds how long a hub may take to serve; far more than it needs.
const startTimeout = 20 * time.Second

func url(port int) string { return fmt.Sprintf("nats://127.0.0.1:%d", port) }

// embedded is a server inside the test process.
type embedded struct {
	server *server.Server // nil while stopped
}

func (e *embedded) start(dir string, port int) (int, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "hub",
		Host:       "127.0.0.1",
		Port:       port,
		JetStream:  true,
		StoreDir:   dir,
		SyncAlways: true,
		NoSigs:     true,
		NoLog:      true,
	})
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
