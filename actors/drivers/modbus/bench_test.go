package modbus_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// registers is how many are read with each request.
const registers = 100

// BenchmarkRegisters reads 100 registers with each request, from devices that have as many, and from devices that have 1,000 and are read in ten
// requests. raw is a bare loop that writes and reads the same bytes on a socket and looks at none of them; driver returns a sample for each
// register; share goes from one to the other and back, so that what else the machine does is in both, and says what the driver reaches of the
// bare loop. The device is pymodbus, or one in this process that answers at once, so that what is seen is the driver alone, or after a
// millisecond, which is less than devices in a cabinet take.
//
// How often garbage is collected depends on how much else there is. With heap=0 there is nothing, and it is every few milliseconds; with heap=16MB
// there are as many readings as the gateway of some thousand devices holds.
func BenchmarkRegisters(b *testing.B) {
	b.Run("pymodbus", func(b *testing.B) {
		compare(b, startPeer(b, "tcp", "1", "0", "1000").address)
	})
	for _, takes := range []time.Duration{0, time.Millisecond} {
		b.Run("after="+takes.String(), func(b *testing.B) {
			h := listen(b)
			h.serve(func(_ int, request []byte) []byte {
				if takes > 0 {
					<-time.After(takes)
				}
				return registersOf(request)
			})
			compare(b, h.address())
		})
	}
}

func compare(b *testing.B, address string) {
	for _, requests := range []int{1, 10} {
		b.Run(fmt.Sprintf("requests=%d", requests), func(b *testing.B) {
			bare, driver := bareLoop(b, address, requests), driverLoop(b, address, requests)
			b.Run("raw", func(b *testing.B) { measure(b, requests, bare) })
			b.Run("driver", func(b *testing.B) { measure(b, requests, driver) })
			b.Run("share/heap=0", func(b *testing.B) { share(b, bare, driver) })
			held := hold(b, driver)
			b.Run("share/heap=16MB", func(b *testing.B) { share(b, bare, driver) })
			runtime.KeepAlive(held)
		})
	}
}

// A loop reads all registers once, and returns their samples, if it has any.
type loop func(b *testing.B) []actors.Sample

// hold returns 16 MB of readings.
func hold(b *testing.B, read loop) (held [][]actors.Sample) {
	const each = 64 + int(unsafe.Sizeof(actors.Sample{})) // with its value
	for n := 0; n < 16<<20; {
		samples := read(b)
		held, n = append(held, samples), n+each*len(samples)
	}
	return held
}

func measure(b *testing.B, requests int, read loop) {
	b.ReportAllocs()
	for b.Loop() {
		read(b)
	}
	b.ReportMetric(float64(b.N*requests*registers)/b.Elapsed().Seconds(), "registers/s")
}

// turn is how long each of two loops runs before it is the other's turn: short for what else the machine does, and long for what a loop
// leaves to be cleared away.
const turn = 20 * time.Millisecond

// share reports the median of what the driver reaches of the bare loop in each pair of turns.
func share(b *testing.B, bare, driver loop) {
	var shares []float64
	for b.Loop() {
		shares = append(shares, 100*rate(b, driver)/rate(b, bare))
	}
	slices.Sort(shares)
	b.ReportMetric(shares[len(shares)/2], "%")
	b.ReportMetric(0, "ns/op")
}

// rate is how often a loop reads all in a second.
func rate(b *testing.B, read loop) float64 {
	n, began := 0, time.Now()
	for time.Since(began) < turn {
		read(b)
		n++
	}
	return float64(n) / time.Since(began).Seconds()
}

func bareLoop(b *testing.B, address string, requests int) loop {
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "tcp="))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	asked := make([][]byte, requests)
	for i := range asked {
		asked[i] = []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, registers}
		binary.BigEndian.PutUint16(asked[i][8:], uint16(i*registers))
	}
	answer := make([]byte, 9+2*registers)
	return func(b *testing.B) []actors.Sample {
		for _, request := range asked {
			if _, err := conn.Write(request); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(conn, answer); err != nil {
				b.Fatal(err)
			}
		}
		return nil
	}
}

func driverLoop(b *testing.B, address string, requests int) loop {
	var resources []*roostv1.Resource
	var names []string
	for i := range requests * registers {
		names = append(names, fmt.Sprintf("r%d", i))
		resources = append(resources, resource(names[i], isUint, "address="+strconv.Itoa(i)))
	}
	s := open(b, device("d", fmt.Sprintf("%s most=%d", address, registers), resources...))
	return func(b *testing.B) []actors.Sample {
		samples, err := s.(actors.Poller).Poll(b.Context(), names)
		if err != nil || len(samples) != len(names) || samples[len(samples)-1].Value.GetUint() != uint64(len(names)-1) {
			b.Fatal(len(samples), err)
		}
		return samples
	}
}
