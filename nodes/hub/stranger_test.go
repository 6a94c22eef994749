package hub_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// readAll reads what a server says until it hangs up.
func readAll(conn net.Conn) (string, error) {
	text, err := io.ReadAll(conn)
	return string(text), err
}

// overTLS speaks to a route as a hub does, and returns what it is answered.
func overTLS(t *testing.T, route string, config *tls.Config) string {
	t.Helper()
	plain, err := net.Dial("tcp", route)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(longest))
	conn := tls.Client(plain, config)
	if err := conn.Handshake(); err != nil {
		return ""
	}
	_, _ = conn.Write([]byte("CONNECT {\"verbose\":false}\r\nPING\r\n"))
	text, _ := readAll(conn)
	return text
}
