package mqttd_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqttd"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// dialIn returns a device that was let in by an open session.
func dialIn(t testing.TB, driver *mqttd.Driver, d actors.Device, s *store, g greeting) (*served, *raw) {
	t.Helper()
	var r *raw
	v := open(t, driver, d, s, func() { r = letIn(t, d.Spec.Address["listen"], g) })
	return v, r
}

// letIn dials until it is let in.
func letIn(t testing.TB, at string, g greeting) *raw {
	t.Helper()
	over := time.Now().Add(patience)
	for {
		r := dialRaw(t, at)
		if r.connect(g) == 0 {
			return r
		}
		_ = r.conn.Close()
		if time.Now().After(over) {
			t.Fatal("it was not let in")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestReadings(t *testing.T) {
	at, s := freeAddress(t), newStore()
	_, r := dialIn(t, newDriver(), device("d", at, ""), s, greeting{id: "d"})
	r.publish("d/climate", `{"t": 21.5, "h": 40, "at": 1700000000}`, 1, 1)
	if ack := r.expect(packets.Puback); ack.PacketID != 1 {
		t.Errorf("message %d was acknowledged", ack.PacketID)
	}
	r.publish("d/climate", `{"t": 22}`, 0, 0)
	r.publish("d/status", `online`, 2, 2)
	r.expect(packets.Pubrec)
	r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: 2})
	r.expect(packets.Pubcomp)
	r.publish("d/climate", `rubbish`, 1, 3)
	r.expect(packets.Puback)
	got := s.wait(t, 6)
	if len(got) != 6 || got[0].Value.GetDouble() != 21.5 || got[0].Source.Unix() != 1700000000 || got[1].Value.GetInt() != 40 ||
		got[2].Value.GetDouble() != 22 || !got[3].Value.GetBool() {
		t.Errorf("samples %+v", got)
	}
	for _, bad := range got[4:] {
		if bad.Quality != roostv1.Quality_QUALITY_BAD || bad.Reason != roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR {
			t.Errorf("rubbish is %+v", bad)
		}
	}
}

func TestAcknowledgedWhenStored(t *testing.T) {
	for _, qos := range []byte{1, 2} {
		at, s := freeAddress(t), newStore()
		asked, may := make(chan int), make(chan error)
		s.may = func(ctx context.Context, samples []actors.Sample) error {
			asked <- len(samples)
			return <-may
		}
		_, r := dialIn(t, newDriver(), device("d", at, ""), s, greeting{id: "d"})
		r.publish("d/status", "online", qos, 1)
		<-asked
		if pk, err := r.readWithin(50 * time.Millisecond); err == nil {
			t.Errorf("QoS %d: a packet of kind %d came before the reading was stored", qos, pk.FixedHeader.Type)
		}
		may <- nil
		r.in.Reset(r.conn)
		r.expect(map[byte]byte{1: packets.Puback, 2: packets.Pubrec}[qos])
		r.publish("d/status", "online", qos, 3)
		<-asked
		may <- errors.New("the disk is full")
		if came := r.gone(); len(came) > 0 {
			t.Errorf("QoS %d: what was not stored was answered with %+v", qos, came)
		}
	}
}

// TestBacklogIsBounded: a device that sends faster than it is stored is not read any more, and others beside it are.
func TestBacklogIsBounded(t *testing.T) {
	at, slow, quick := freeAddress(t), newStore(), newStore()
	may := make(chan struct{})
	defer close(may)
	slow.may = func(context.Context, []actors.Sample) error {
		<-may
		return nil
	}
	driver := newDriver()
	_, flood := dialIn(t, driver, device("slow", at, ""), slow, greeting{id: "slow"})
	_, beside := dialIn(t, driver, device("quick", at, ""), quick, greeting{id: "quick"})
	text := make([]byte, 32<<10)
	sent := make(chan int)
	go func() {
		n := 0
		for ; n < 10_000; n++ {
			_ = flood.conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			if flood.try(publication("slow/status", string(text), 1, uint16(n%1000+1))) != nil {
				break
			}
		}
		sent <- n
	}()
	for i := range 100 {
		beside.publish("quick/status", "online", 1, uint16(i+1))
		beside.expect(packets.Puback)
	}
	n := <-sent
	if n >= 10_000 {
		t.Errorf("%d messages of 32 KiB were taken, and none was stored", n)
	}
	t.Logf("a device got rid of %d messages of 32 KiB before any was stored", n)
}

// TestSentAgain: what could not be stored ends the connection, and is taken when the device sends it again.
func TestSentAgain(t *testing.T) {
	at, s := freeAddress(t), newStore()
	fail := true
	s.may = func(context.Context, []actors.Sample) error {
		if fail {
			fail = false
			return roostv1.ErrUnavailable
		}
		return nil
	}
	_, r := dialIn(t, newDriver(), device("d", at, ""), s, greeting{id: "d", keep: true})
	r.publish("d/status", "online", 1, 1)
	r.gone()
	again := letIn(t, at, greeting{id: "d", keep: true})
	pk := publication("d/status", "online", 1, 1)
	pk.FixedHeader.Dup = true
	again.send(pk)
	again.expect(packets.Puback)
	s.wait(t, 1)
}
