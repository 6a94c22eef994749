package snmp_test

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkObjects reads 20 objects with each request: raw is a bare loop around the library's own Get, which looks at none of them; driver
// returns a sample for each. The agent costs next to nothing: it has its answer ready.
func BenchmarkObjects(b *testing.B) {
	const objects = 20
	var oids, names []string
	var resources []*roostv1.Resource
	for i := range objects {
		oids = append(oids, fmt.Sprintf(".1.3.6.1.2.1.2.2.1.10.%d", i))
		names = append(names, "r"+strconv.Itoa(i))
		resources = append(resources, reading(names[i], isUint, "oid="+oids[i]))
	}
	at := startReady(b, oids)
	raw := func(b *testing.B) func() {
		host, port, _ := net.SplitHostPort(at)
		number, _ := strconv.Atoi(port)
		x := &gosnmp.GoSNMP{Target: host, Port: uint16(number), Version: gosnmp.Version2c, Community: "public", Timeout: time.Second}
		if err := x.Connect(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = x.Close() })
		return func() {
			answer, err := x.Get(oids)
			if err != nil || len(answer.Variables) != objects {
				b.Fatal(err)
			}
		}
	}
	driver := func(b *testing.B) func() {
		s := open(b, device("d", "agent="+at, resources...))
		return func() {
			samples, err := s.(actors.Poller).Poll(b.Context(), names)
			if err != nil || len(samples) != objects || samples[0].Value == nil {
				b.Fatal(len(samples), err)
			}
		}
	}
	alone := func(ask func(*testing.B) func()) func(*testing.B) {
		return func(b *testing.B) {
			once := ask(b)
			b.ReportAllocs()
			for b.Loop() {
				once()
			}
			b.ReportMetric(float64(b.N)*objects/b.Elapsed().Seconds(), "objects/s")
		}
	}
	b.Run("raw", alone(raw))
	b.Run("driver", alone(driver))
	// By turns, so that whoever else uses the processors slows both.
	b.Run("ratio", func(b *testing.B) {
		bare, driven := raw(b), driver(b)
		var one, other time.Duration
		for b.Loop() {
			began := time.Now()
			bare()
			between := time.Now()
			driven()
			one, other = one+between.Sub(began), other+time.Since(between)
		}
		b.ReportMetric(100*one.Seconds()/other.Seconds(), "%")
	})
}

// startReady starts an agent that has one answer, and puts the id of each question into it.
func startReady(b *testing.B, oids []string) (at string) {
	b.Helper()
	var variables []gosnmp.SnmpPDU
	for i, oid := range oids {
		variables = append(variables, gosnmp.SnmpPDU{Name: oid, Type: gosnmp.Counter32, Value: uint32(1_000_000 + i)})
	}
	const id = 0x41424344
	ready := datagram(gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: "public", PDUType: gosnmp.GetResponse, RequestID: id, Variables: variables})
	place := bytes.Index(ready, []byte("ABCD"))
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		buffer := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			asked, answer := idOf(buffer[:n]), ready
			if len(asked) == 4 {
				copy(ready[place:], asked)
			} else { // a small number, of which there are few
				request, _ := new(gosnmp.GoSNMP).SnmpDecodePacket(buffer[:n])
				answer = datagram(answerTo(request, variables...))
			}
			_, _ = conn.WriteToUDPAddrPort(answer, from)
		}
	})
	b.Cleanup(func() {
		_ = conn.Close()
		served.Wait()
	})
	return conn.LocalAddr().String()
}

// idOf returns the octets of the id of a GET in version 2c by "public".
func idOf(request []byte) []byte {
	_, rest, _ := bytes.Cut(request, []byte("public\xa0"))
	rest = rest[1+max(0, int(rest[0])-0x80)*map[bool]int{true: 1}[rest[0] > 0x80]:]
	return rest[2 : 2+rest[1]]
}

// BenchmarkTrapAmongMany: what a trap costs does not grow with the devices that share its address.
func BenchmarkTrapAmongMany(b *testing.B) {
	for _, devices := range []int{1, 5000} {
		b.Run(fmt.Sprintf("%d devices", devices), func(b *testing.B) {
			at := peertest.FreeAddress(b, "udp")
			driver := newDriver()
			for i := range devices {
				openWith(b, driver, ups("d", fmt.Sprintf("agent=127.1.%d.%d traps=%s", i/250, 1+i%250, at)))
			}
			s := newSender(b, "127.0.0.1", at) // a stranger's cost the most: all are asked whether it is theirs
			trap := datagram(notice(gosnmp.SNMPv2Trap, "public", 1, number("."+minutes, 2)))
			b.ResetTimer()
			for i := range uint64(b.N) {
				if s.send(b, trap); i%50 == 49 || i == uint64(b.N)-1 { // what waits fits into the socket
					untilHeard(b, driver, at, func(h snmp.Heard) bool { return h.Unknown > i })
				}
			}
		})
	}
}
