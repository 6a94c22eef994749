package proxy_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

func TestScan(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"CONNECT {}\r\nPING\r\n", "[CONNECT PING]"},
		{"PUB s 4\r\nPING\r\nPONG\r\n", "[PUB PONG]"},
		{"PUB s reply 0\r\n\r\npub s 1\r\nx\r\n", "[PUB PUB]"},
		{"HPUB s 12 17\r\nNATS/1.0\r\n\r\nPING\n\r\n+OK\r\n", "[HPUB +OK]"},
		{"MSG _INBOX.a 1 25\r\n{\"stream\":\"S\",\"seq\":12345}\r\nMSG a 1 2\r\nhi\r\n", "[+ACK MSG]"},
		{"HMSG a 1 12 22\r\nNATS/1.0\r\n\r\n{\"stream\":\r\nPING\r\n", "[+ACK PING]"},
		{"PUB s x\r\nPING\r\n", "[]"}, // not the protocol
	} {
		if got := fmt.Sprint(proxy.Scan([]byte(c.text))); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

// FuzzScan: wherever a connection is torn, its messages are the same.
func FuzzScan(f *testing.F) {
	f.Add([]byte("PUB s 4\r\nPING\r\nMSG a 1 25\r\n{\"stream\":\"S\",\"seq\":12345}\r\n"), uint8(7))
	f.Add([]byte("HPUB s 12 17\r\nNATS/1.0\r\n\r\nPING\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		var pieces [][]byte
		for rest := text; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if diff := cmp.Diff(proxy.Scan(text), proxy.Scan(pieces...)); diff != "" {
			t.Error(diff)
		}
	})
}
