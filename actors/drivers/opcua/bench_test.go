package opcua_test

import (
	"fmt"
	"testing"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkReads reads 100 values with each request: raw is a bare loop of gopcua's client, which looks at none of them; driver returns a
// sample for each. The server is one of this test, which answers both at once.
func BenchmarkReads(b *testing.B) {
	const values = 100
	s := channeltest.Start(b, func(*channeltest.Request) bool { return false })
	b.Run("raw", func(b *testing.B) {
		c, err := gopcua.NewClient(s.Endpoint(), gopcua.AutoReconnect(false))
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Dial(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer c.Close(b.Context())
		request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnSource}
		for i := range values {
			request.NodesToRead = append(request.NodesToRead, &ua.ReadValueID{NodeID: ua.NewStringNodeID(2, fmt.Sprintf("r%d", i))})
		}
		b.ReportAllocs()
		for b.Loop() {
			answer, err := c.Read(b.Context(), request)
			if err != nil || len(answer.Results) != values {
				b.Fatal(answer, err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
	b.Run("driver", func(b *testing.B) {
		var resources []*roostv1.Resource
		var names []string
		for i := range values {
			names = append(names, fmt.Sprintf("r%d", i))
			resources = append(resources, readOnly(names[i], isDouble, "node=ns=2;s="+names[i]))
		}
		session, err := newDriver().Open(b.Context(), device("d", "endpoint="+s.Endpoint(), resources...))
		if err != nil {
			b.Fatal(err)
		}
		defer session.Close(b.Context())
		b.ReportAllocs()
		for b.Loop() {
			samples, err := session.(actors.Poller).Poll(b.Context(), names)
			if err != nil || len(samples) != values {
				b.Fatal(len(samples), err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
}

// BenchmarkPeerReads is the same with node-opcua, which is slower than both.
func BenchmarkPeerReads(b *testing.B) {
	const values = 100
	p := startPeer(b)
	node := func(i int) string { return "ns=2;s=" + []string{"Double", "Float", "Int32", "UInt16"}[i%4] }
	b.Run("raw", func(b *testing.B) {
		c, err := gopcua.NewClient(p.endpoint, gopcua.AutoReconnect(false))
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Connect(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer c.Close(b.Context())
		request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnSource}
		for i := range values {
			request.NodesToRead = append(request.NodesToRead, &ua.ReadValueID{NodeID: ua.MustParseNodeID(node(i))})
		}
		b.ReportAllocs()
		for b.Loop() {
			if answer, err := c.Read(b.Context(), request); err != nil || len(answer.Results) != values {
				b.Fatal(answer, err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
	b.Run("driver", func(b *testing.B) {
		var resources []*roostv1.Resource
		var names []string
		for i := range values {
			names = append(names, fmt.Sprintf("r%d", i))
			resources = append(resources, readOnly(names[i], isDouble, "node="+node(i)))
		}
		session := open(b, p.device("", resources...))
		b.ReportAllocs()
		for b.Loop() {
			if samples, err := session.(actors.Poller).Poll(b.Context(), names); err != nil || len(samples) != values {
				b.Fatal(len(samples), err)
			}
		}
		b.ReportMetric(float64(b.N)*values/b.Elapsed().Seconds(), "values/s")
	})
}
