package modbus_test

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// registers is how many are read with each request.
const registers = 100

// BenchmarkRegisters reads 100 registers with each request: raw is a bare loop that writes and reads the same bytes on a socket and
// looks at none of them; driver returns a sample for each register. The device is pymodbus, which takes its time as devices do, or one in
// this process that answers at once, so that what is seen is the driver alone.
func BenchmarkRegisters(b *testing.B) {
	b.Run("pymodbus", func(b *testing.B) {
		compare(b, startPeer(b, "tcp").address)
	})
	b.Run("at-once", func(b *testing.B) {
		h := listen(b)
		h.serve(func(_ int, request []byte) []byte { return registersOf(request) })
		compare(b, h.address())
	})
}

func compare(b *testing.B, address string) {
	b.Run("raw", func(b *testing.B) { readBare(b, strings.TrimPrefix(address, "tcp=")) })
	b.Run("driver", func(b *testing.B) { readByDriver(b, address) })
}

func readBare(b *testing.B, at string) {
	conn, err := net.Dial("tcp", at)
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
}

func readByDriver(b *testing.B, address string) {
	var resources []*roostv1.Resource
	var names []string
	for i := range registers {
		names = append(names, fmt.Sprintf("r%d", i))
		resources = append(resources, resource(names[i], isUint, "address="+strconv.Itoa(i)))
	}
	s, err := new(modbus.Driver).Open(b.Context(), device("d", address, resources...))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		samples, err := s.(actors.Poller).Poll(b.Context(), names)
		if err != nil || len(samples) != registers || samples[0].Value == nil {
			b.Fatal(len(samples), err)
		}
	}
	b.ReportMetric(float64(b.N)*registers/b.Elapsed().Seconds(), "registers/s")
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
