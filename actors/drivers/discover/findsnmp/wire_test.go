package findsnmp_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors/drivers/discover/findsnmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// listen plays an agent that does what no good one does. answer gives the variables of an answer; it is told of the kind and of what is asked for.
func listen(t *testing.T, answer func(kind gosnmp.PDUType, asked []gosnmp.SnmpPDU) []gosnmp.SnmpPDU) (port uint16, requests *atomic.Int64) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	requests = new(atomic.Int64)
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			question, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buffer[:n])
			if err != nil {
				continue
			}
			requests.Add(1)
			if question.PDUType == gosnmp.SetRequest {
				t.Error("an object was set")
			}
			reply := gosnmp.SnmpPacket{
				Version: gosnmp.Version2c, Community: question.Community, PDUType: gosnmp.GetResponse, RequestID: question.RequestID,
				Variables: answer(question.PDUType, question.Variables),
			}
			out, err := reply.MarshalMsg()
			if err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return netip.MustParseAddrPort(conn.LocalAddr().String()).Port(), requests
}

func text(oid, value string) gosnmp.SnmpPDU {
	return gosnmp.SnmpPDU{Name: oid, Type: gosnmp.OctetString, Value: []byte(value)}
}

// hello is what an agent says of itself, with what does not print.
func hello(asked []gosnmp.SnmpPDU) []gosnmp.SnmpPDU {
	var all []gosnmp.SnmpPDU
	for _, v := range asked {
		switch v.Name {
		case ".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.5.0":
			all = append(all, text(v.Name, "evil\x1b[31m\r\n- id: x\x00"))
		default:
			all = append(all, gosnmp.SnmpPDU{Name: v.Name, Type: gosnmp.NoSuchObject})
		}
	}
	return all
}

// TestHostileAgents: an agent whose tables have no end, or go round in a circle, is left alone after a bounded number of questions, and what it has is a
// fleet that can be read.
func TestHostileAgents(t *testing.T) {
	for name, next := range map[string]func(oid string, n int) string{
		"endless": func(oid string, n int) string {
			parts := strings.Split(oid, ".")
			var last int
			fmt.Sscan(parts[len(parts)-1], &last)
			if len(parts) > 11 {
				parts = parts[:len(parts)-1]
			}
			return strings.Join(parts, ".") + fmt.Sprintf(".%d", last+1+n)
		},
		"in a circle": func(oid string, _ int) string { return oid },
		"backwards":   func(string, int) string { return ".1.3.6.1.2.1.1" },
	} {
		t.Run(name, func(t *testing.T) {
			port, requests := listen(t, func(kind gosnmp.PDUType, asked []gosnmp.SnmpPDU) []gosnmp.SnmpPDU {
				if kind == gosnmp.GetRequest {
					return hello(asked)
				}
				var all []gosnmp.SnmpPDU
				for n := range 10 {
					all = append(all, text(next(asked[0].Name, n), strings.Repeat("\xff\x1b", 50)))
				}
				return all
			})
			began := time.Now()
			agents, _, err := find(t.Context(), t, port, map[string]string{"retries": "0", "reply": "200ms"})
			if err != nil || len(agents) != 1 {
				t.Fatalf("found %v, %v", agents, err)
			}
			d := findsnmp.Draft(agents)
			if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
				t.Errorf("problems: %v", problems)
			}
			if note := d.Note(d.Fleet.Devices[0]); strings.ContainsAny(note, "\x1b\r\x00") {
				t.Errorf("note: %q", note)
			}
			t.Logf("%s: %d questions in %v", name, requests.Load(), time.Since(began).Round(time.Millisecond))
			if n := requests.Load(); n > 3000 {
				t.Errorf("%d questions", n)
			}
		})
	}
}
