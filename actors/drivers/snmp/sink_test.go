package snmp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/snmp"
)

// sink takes what a device sends by itself, and stores it when the test lets it.
type sink struct {
	taken chan []actors.Sample
	store chan error // one for each delivery
}

func newSink() *sink {
	return &sink{taken: make(chan []actors.Sample, 1000), store: make(chan error, 1000)}
}

func (s *sink) Emit(samples ...actors.Sample) error {
	s.taken <- samples
	return nil
}

func (s *sink) Deliver(ctx context.Context, samples ...actors.Sample) error {
	s.taken <- samples
	select {
	case err := <-s.store:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNotStored = errors.New("not stored")

// hear opens a device and lets it push until the test ends.
func hear(t testing.TB, driver *snmp.Driver, d actors.Device) *sink {
	t.Helper()
	s := openWith(t, driver, d)
	to := newSink()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.(actors.Pusher).Push(ctx, to) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		_ = s.Close(t.Context())
	})
	return to
}

// wantTaken waits for what a notification tells.
func (s *sink) wantTaken(t testing.TB, want map[string]string) {
	t.Helper()
	select {
	case samples := <-s.taken:
		got := shown(samples)
		for name, want := range want {
			if got[name] != want {
				t.Errorf("%s is %s, want %s", name, got[name], want)
			}
		}
		if len(got) != len(want) {
			t.Errorf("taken was %v, want %v", got, want)
		}
		for _, sample := range samples {
			if sample.At.IsZero() {
				t.Errorf("%s has no time", sample.Resource)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was taken")
	}
}

func (s *sink) wantNothing(t testing.TB) {
	t.Helper()
	select {
	case samples := <-s.taken:
		t.Errorf("taken was %v, want nothing", shown(samples))
	default:
	}
}

// sender sends notifications from an address of this machine's.
type sender struct{ conn *net.UDPConn }

func newSender(t testing.TB, from, to string) *sender {
	t.Helper()
	conn, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "udp", to)
	if err != nil {
		t.Skipf("%s is no address of this machine's: %v", from, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &sender{conn.(*net.UDPConn)}
}

func (s *sender) send(t testing.TB, datagram []byte) {
	t.Helper()
	if _, err := s.conn.Write(datagram); err != nil {
		t.Fatal(err)
	}
}

// received returns what comes back; nil if nothing does in time.
func (s *sender) received(t testing.TB, within time.Duration) []byte {
	t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 65535)
	n, err := s.conn.Read(buffer)
	if err != nil {
		return nil
	}
	return buffer[:n]
}

// answered returns the answer to an inform; nil if none comes in time.
func (s *sender) answered(t testing.TB, within time.Duration) *gosnmp.SnmpPacket {
	t.Helper()
	datagram := s.received(t, within)
	if datagram == nil {
		return nil
	}
	answer, err := new(gosnmp.GoSNMP).SnmpDecodePacket(datagram)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// notice returns a notification of version 2c.
func notice(kind gosnmp.PDUType, community string, id uint32, variables ...gosnmp.SnmpPDU) gosnmp.SnmpPacket {
	return gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: community, PDUType: kind, RequestID: id, Variables: append([]gosnmp.SnmpPDU{
		{Name: "." + sysUpTime, Type: gosnmp.TimeTicks, Value: uint32(100)},
		{Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: ".1.3.6.1.2.1.33.2.1"},
	}, variables...)}
}

// untilHeard waits until what has arrived is what is wanted.
func untilHeard(t testing.TB, driver *snmp.Driver, at string, want func(snmp.Heard) bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !want(driver.Heard(at)); {
		if time.Now().After(deadline) {
			t.Fatalf("heard was %+v", driver.Heard(at))
		}
		<-time.After(time.Millisecond)
	}
}
