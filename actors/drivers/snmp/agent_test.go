package snmp_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const anObject = "1.3.6.1.4.1.99.1.0"

// TestSetIsSentOnce: a SET that nobody answers is not sent again, though reading is tried again.
func TestSetIsSentOnce(t *testing.T) {
	w := startWire(t, greeted(func(*gosnmp.SnmpPacket) [][]byte { return nil }))
	s := open(t, device("d", "agent="+w.at()+" reply=100ms retries=2", resource("r", isInt, "oid="+anObject)))
	w.sizes()
	wantOutcome(t, write(t, s, "r", roostv1.Int(1)), errUnknown)
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"r"}); err == nil || !strings.Contains(err.Error(), "asked 3 times") {
		t.Errorf("reading of a silent agent: %v", err)
	}
	if sets, gets := w.count(gosnmp.SetRequest), w.count(gosnmp.GetRequest); sets != 1 || gets != 3 {
		t.Errorf("the agent got %d SETs and %d GETs, want 1 and 3", sets, gets)
	}
}

// TestStrays: an answer with another id, with id 0, of another kind or version, and what is no message at all are not taken, and do not end
// the waiting.
func TestStrays(t *testing.T) {
	with := func(p gosnmp.SnmpPacket, change func(*gosnmp.SnmpPacket)) []byte {
		change(&p)
		return datagram(p)
	}
	strays := func(request *gosnmp.SnmpPacket) [][]byte {
		wrong := numbered(request, 666)
		return [][]byte{
			with(wrong, func(p *gosnmp.SnmpPacket) { p.RequestID-- }),
			with(wrong, func(p *gosnmp.SnmpPacket) { p.RequestID++ }),
			with(wrong, func(p *gosnmp.SnmpPacket) { p.RequestID = 0 }),
			with(wrong, func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.GetRequest }),
			with(wrong, func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.SNMPv2Trap }),
			with(wrong, func(p *gosnmp.SnmpPacket) { p.Version = gosnmp.Version1 }),
			{}, {0x30}, []byte("hello"), make([]byte, 1400),
		}
	}
	answered := true
	w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte {
		if !answered {
			return strays(request)
		}
		return append(strays(request), datagram(numbered(request, 7)))
	}))
	s := open(t, device("d", "agent="+w.at()+" reply=5s retries=0", resource("r", isInt, "oid="+anObject)))
	wantValues(t, s, map[string]string{"r": "7"})
	if err := write(t, s, "r", roostv1.Int(7)); err != nil {
		t.Error(err)
	}
	w.change(func() { answered = false })
	s = open(t, device("d", "agent="+w.at()+" reply=200ms retries=0", resource("r", isInt, "oid="+anObject)))
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"r"}); err == nil || !strings.Contains(err.Error(), " times was none") {
		t.Errorf("only strays: %v", err)
	}
	wantOutcome(t, write(t, s, "r", roostv1.Int(7)), errUnknown)
}

// TestLateAnswers: the answer to an earlier try is one, and the answer to an earlier question is none.
func TestLateAnswers(t *testing.T) {
	var earlier *gosnmp.SnmpPacket
	question := 0
	w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte {
		question++
		switch question {
		case 1:
			earlier = request
			return nil
		case 2: // the first question again
			return [][]byte{datagram(numbered(earlier, 1))}
		case 3, 4: // a question that is not answered
			earlier = request
			return nil
		}
		return [][]byte{datagram(numbered(earlier, 666)), datagram(numbered(request, 2))}
	}))
	s := open(t, device("d", "agent="+w.at()+" reply=200ms", resource("r", isInt, "oid="+anObject)))
	wantValues(t, s, map[string]string{"r": "1"})
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"r"}); err == nil {
		t.Error("a question that was not answered has an answer")
	}
	wantValues(t, s, map[string]string{"r": "2"})
}

// TestSlowAgent: an agent may take its time, up to the limit.
func TestSlowAgent(t *testing.T) {
	w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		<-time.After(60 * time.Millisecond)
		return always(5)(request)
	})
	s := open(t, device("d", "agent="+w.at()+" reply=5s", resource("r", isInt, "oid="+anObject)))
	wantValues(t, s, map[string]string{"r": "5"})
	if err := write(t, s, "r", roostv1.Int(1)); err != nil {
		t.Error(err)
	}
}

// TestCallsEnd: a call ends with its context, and when the session is closed; and after that nothing is sent.
func TestCallsEnd(t *testing.T) {
	arrived := make(chan struct{}, 1)
	w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte {
		if request.PDUType == gosnmp.SetRequest {
			arrived <- struct{}{}
		}
		return nil
	}))
	s := open(t, device("d", "agent="+w.at()+" reply=1m", resource("r", isInt, "oid="+anObject)))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.(actors.Poller).Poll(ctx, []string{"r"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a poll whose context has ended: %v", err)
	}
	_, err := s.(actors.Actuator).Actuate(ctx, actors.Action{Resource: "r", Value: roostv1.Int(1)})
	wantOutcome(t, err, actors.ErrNotSent)
	var wg sync.WaitGroup
	wg.Go(func() {
		<-arrived
		_ = s.Close(t.Context())
	})
	wantOutcome(t, write(t, s, "r", roostv1.Int(1)), errUnknown)
	wg.Wait()
	wantOutcome(t, write(t, s, "r", roostv1.Int(1)), actors.ErrNotSent)
	if sets := w.count(gosnmp.SetRequest); sets != 1 {
		t.Errorf("the agent got %d SETs, want 1", sets)
	}
}

// TestNoiseIsNoAnswer: whatever an answer is turned into on its way, nothing panics, and the question ends in time.
func TestNoiseIsNoAnswer(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte {
		var all [][]byte
		for range 300 {
			noisy := datagram(numbered(request, 5))
			for range 1 + random.IntN(4) {
				noisy[random.IntN(len(noisy))] = byte(random.Uint32())
			}
			all = append(all, noisy[:random.IntN(len(noisy)+1)])
		}
		return all
	}))
	s := open(t, device("d", "agent="+w.at()+" reply=50ms retries=0", resource("r", isInt, "oid="+anObject), resource("q", isText, "oid="+sysDescr)))
	for range 10 {
		began := time.Now()
		_, _ = s.(actors.Poller).Poll(t.Context(), []string{"r", "q"})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a poll took %v", took)
		}
	}
}

// newDriver returns a driver that reads secrets wherever a test has them.
func newDriver() *snmp.Driver { return &snmp.Driver{Secrets: keys.Anywhere} }
