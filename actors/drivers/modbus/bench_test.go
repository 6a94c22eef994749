package modbus_test

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkRegisters reads 100 registers with each request: raw is a bare loop that writes and reads the same bytes on a socket and
// looks at none of them; driver returns a sample for each register.
func BenchmarkRegisters(b *testing.B) {
	const registers = 100
	h := listen(b)
	h.serve(func(_ int, request []byte) []byte { return registersOf(request) })
	b.Run("raw", func(b *testing.B) {
		conn, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		request := []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, registers}
		answer := make([]byte, 9+2*registers)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conn.Write(request); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(conn, answer); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*registers/b.Elapsed().Seconds(), "registers/s")
	})
	b.Run("driver", func(b *testing.B) {
		var resources []*roostv1.Resource
		var names []string
		for i := range registers {
			names = append(names, fmt.Sprintf("r%d", i))
			resources = append(resources, resource(names[i], isUint, "address="+strconv.Itoa(i)))
		}
		s, err := new(modbus.Driver).Open(b.Context(), device("d", h.address(), resources...))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			samples, err := s.(actors.Poller).Poll(b.Context(), names)
			if err != nil || len(samples) != registers {
				b.Fatal(len(samples), err)
			}
		}
		b.ReportMetric(float64(b.N)*registers/b.Elapsed().Seconds(), "registers/s")
		if err := s.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	})
}
