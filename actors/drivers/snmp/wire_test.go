package snmp_test

import (
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"
)

// wire is an agent that does what a test says, down to the bytes. It runs until the test ends.
type wire struct {
	conn    *net.UDPConn
	library *gosnmp.GoSNMP // reads requests

	mu  sync.Mutex
	got []*gosnmp.SnmpPacket
}

// respond returns the datagrams that answer a request.
type respond func(request *gosnmp.SnmpPacket) [][]byte

func startWire(t testing.TB, answer respond) *wire {
	t.Helper()
	return startWireFor(t, new(gosnmp.GoSNMP), answer)
}

// startWireFor starts one that reads requests as a user of version 3 writes them.
func startWireFor(t testing.TB, library *gosnmp.GoSNMP, answer respond) *wire {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{conn: conn, library: library}
	var served sync.WaitGroup
	served.Go(func() { w.serve(answer) })
	t.Cleanup(func() {
		_ = conn.Close()
		served.Wait()
	})
	return w
}

func (w *wire) serve(answer respond) {
	buffer := make([]byte, 65535)
	for {
		n, from, err := w.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		request, err := w.library.SnmpDecodePacket(slices.Clone(buffer[:n]))
		if err != nil {
			continue
		}
		w.mu.Lock()
		w.got = append(w.got, request)
		answers := answer(request)
		w.mu.Unlock()
		for _, datagram := range answers {
			_, _ = w.conn.WriteToUDPAddrPort(datagram, from)
		}
	}
}

// change changes what answers depend on.
func (w *wire) change(how func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how()
}

func (w *wire) at() string { return w.conn.LocalAddr().String() }

// count returns how many requests of a kind have arrived.
func (w *wire) count(kind gosnmp.PDUType) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, request := range w.got {
		if request.PDUType == kind {
			n++
		}
	}
	return n
}

// sizes returns how many objects each request had, and forgets them.
func (w *wire) sizes() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	var sizes []int
	for _, request := range w.got {
		sizes = append(sizes, len(request.Variables))
	}
	w.got = nil
	return sizes
}

// datagram returns an answer as bytes.
func datagram(p gosnmp.SnmpPacket) []byte {
	b, err := p.MarshalMsg()
	if err != nil {
		panic(err)
	}
	return b
}

// answerTo returns an answer of version 1 or 2c with these objects.
func answerTo(request *gosnmp.SnmpPacket, variables ...gosnmp.SnmpPDU) gosnmp.SnmpPacket {
	return gosnmp.SnmpPacket{
		Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse, RequestID: request.RequestID, Variables: variables,
	}
}

// failure returns an answer that says no; index counts from 1.
func failure(request *gosnmp.SnmpPacket, status gosnmp.SNMPError, index int) gosnmp.SnmpPacket {
	answer := answerTo(request, request.Variables...)
	answer.Error, answer.ErrorIndex = status, uint8(index)
	return answer
}

func number(oid string, n int) gosnmp.SnmpPDU {
	return gosnmp.SnmpPDU{Name: oid, Type: gosnmp.Integer, Value: n}
}

// numbered answers with the same number for all that is asked for.
func numbered(request *gosnmp.SnmpPacket, n int) gosnmp.SnmpPacket {
	var variables []gosnmp.SnmpPDU
	for _, v := range request.Variables {
		variables = append(variables, number(v.Name, n))
	}
	return answerTo(request, variables...)
}

// always answers whatever is asked with a number.
func always(n int) respond {
	return func(request *gosnmp.SnmpPacket) [][]byte { return [][]byte{datagram(numbered(request, n))} }
}

// greeted lets sessions open, which ask for the up time, and leaves all other requests to the test.
func greeted(then respond) respond {
	return func(request *gosnmp.SnmpPacket) [][]byte {
		if len(request.Variables) == 1 && request.Variables[0].Name == "."+sysUpTime {
			return always(1)(request)
		}
		return then(request)
	}
}
