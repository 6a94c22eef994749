package httpdev_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkValues reads ten values in one document with each request: raw is a bare loop that writes and reads the same bytes on a
// connection and looks at none of them; library is Go's client that gets the document, and does not look at it either.
func BenchmarkValues(b *testing.B) {
	const values = 10
	var members, names []string
	var resources []*roostv1.Resource
	for i := range values {
		name := fmt.Sprintf("r%d", i)
		members, names = append(members, fmt.Sprintf(`"%s":%d`, name, i)), append(names, name)
		resources = append(resources, resource(name, isUint, readOnly, "path=/state; json=$."+name))
	}
	document := "{" + strings.Join(members, ",") + "}"
	w := played(b, func(_ int, _ *http.Request, conn net.Conn) bool { return say(conn, "200 OK", document) })
	b.Run("raw", func(b *testing.B) {
		conn, err := net.Dial("tcp", w.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		request := "GET /state HTTP/1.1\r\nHost: " + w.Addr().String() + "\r\nUser-Agent: roost\r\nAccept: application/json, */*;q=0.8\r\n\r\n"
		answer := make([]byte, len("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \r\n\r\n")+len(itoa(len(document)))+len(document))
		b.ReportAllocs()
		for b.Loop() {
			if !put(conn, request) {
				b.Fatal("it was closed")
			}
			if _, err := io.ReadFull(conn, answer); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		for b.Loop() {
			answer, err := client.Get("http://" + w.Addr().String() + "/state")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(answer.Body); err != nil {
				b.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
	b.Run("driver", func(b *testing.B) {
		s := opened(b, device(w.url(), resources...))
		b.ReportAllocs()
		for b.Loop() {
			samples, err := s.(actors.Poller).Poll(b.Context(), names)
			if err != nil || len(samples) != values || samples[9].Value.GetUint() != 9 {
				b.Fatal(samples, err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
}
