package snmp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	engineID      = "\x80\x00\x1f\x88\x04test"
	unknownEngine = ".1.3.6.1.6.3.15.1.1.4.0"
	notInTime     = ".1.3.6.1.6.3.15.1.1.2.0"
	unknownUser   = ".1.3.6.1.6.3.15.1.1.3.0"
	wrongDigest   = ".1.3.6.1.6.3.15.1.1.5.0"
)

// engine is an agent of version 3 that asks nobody for a password.
type engine struct {
	id          string
	boots, time uint32
}

// answer returns an answer with a message id and a request id.
func (e engine) answer(request *gosnmp.SnmpPacket, kind gosnmp.PDUType, message, id uint32, variables ...gosnmp.SnmpPDU) []byte {
	return datagram(gosnmp.SnmpPacket{
		Version: gosnmp.Version3, MsgFlags: gosnmp.NoAuthNoPriv, SecurityModel: gosnmp.UserSecurityModel,
		SecurityParameters: &gosnmp.UsmSecurityParameters{
			AuthoritativeEngineID: e.id, AuthoritativeEngineBoots: e.boots, AuthoritativeEngineTime: e.time,
			UserName: request.SecurityParameters.(*gosnmp.UsmSecurityParameters).UserName,
		},
		ContextEngineID: e.id, MsgID: message, RequestID: id, PDUType: kind, Variables: variables,
	})
}

func (e engine) report(request *gosnmp.SnmpPacket, oid string) []byte {
	return e.answer(request, gosnmp.Report, request.MsgID, 0, gosnmp.SnmpPDU{Name: oid, Type: gosnmp.Counter32, Value: uint32(1)})
}

func (e engine) numbered(request *gosnmp.SnmpPacket, n int) []byte {
	return e.answer(request, gosnmp.GetResponse, request.MsgID, request.RequestID, numbered(request, n).Variables...)
}

// clockOf is what a request says that the agent's clock is.
func clockOf(request *gosnmp.SnmpPacket) (id string, boots uint32) {
	of := request.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	return of.AuthoritativeEngineID, of.AuthoritativeEngineBoots
}

// known answers the question who the agent is, and leaves the rest to the test.
func known(e *engine, then respond) respond {
	return func(request *gosnmp.SnmpPacket) [][]byte {
		if id, _ := clockOf(request); id == "" {
			return [][]byte{e.report(request, unknownEngine)}
		}
		return then(request)
	}
}

const asPlain = " version=3 user=plain reply=5s agent="

// TestReportToSet: an agent that reports that it did not look at a SET has refused it; the SET is not sent again. What was learned from the
// report is used from then on.
func TestReportToSet(t *testing.T) {
	for _, oid := range []string{notInTime, unknownEngine, unknownUser, wrongDigest, ".1.3.6.1.6.3.11.2.1.3.0"} {
		now := &engine{engineID, 1, 100}
		w := startWire(t, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
			if request.PDUType == gosnmp.SetRequest {
				now.boots = 2
				return [][]byte{now.report(request, oid)}
			}
			return [][]byte{now.numbered(request, 5)}
		}))
		s := open(t, device("d", asPlain+w.at(), resource("r", isInt, "oid="+anObject)))
		wantOutcome(t, write(t, s, "r", roostv1.Int(1)), actors.ErrRefused)
		if n := w.count(gosnmp.SetRequest); n != 1 {
			t.Errorf("report %s: the SET came %d times, want once", oid, n)
		}
		wantValues(t, s, map[string]string{"r": "5"})
	}
}

// TestClockBeforeSet: an agent whose clock was not heard for a while is asked for it before it is sent a SET, which it would not take else.
func TestClockBeforeSet(t *testing.T) {
	now := &engine{engineID, 1, 100}
	w := startWire(t, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
		if _, boots := clockOf(request); boots != now.boots {
			return [][]byte{now.report(request, notInTime)}
		}
		return [][]byte{now.numbered(request, 5)}
	}))
	s := open(t, device("d", asPlain+w.at(), resource("r", isInt, "oid="+anObject)))
	snmp.Age(s, time.Minute)
	w.change(func() { now.boots = 2 }) // it has restarted
	if err := write(t, s, "r", roostv1.Int(1)); err != nil {
		t.Error(err)
	}
	w.change(func() { now.boots = 3 }) // and again, just now
	wantOutcome(t, write(t, s, "r", roostv1.Int(1)), actors.ErrRefused)
	if n := w.count(gosnmp.SetRequest); n != 2 {
		t.Errorf("the agent got %d SETs, want 2", n)
	}
}

// TestReportToGet: a reader asks again, with the clock that the agent told, and once.
func TestReportToGet(t *testing.T) {
	for _, oid := range []string{notInTime, unknownEngine} {
		now := &engine{engineID, 1, 100}
		stubborn := false
		w := startWire(t, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
			if id, boots := clockOf(request); stubborn || id != now.id || boots != now.boots {
				return [][]byte{now.report(request, oid)}
			}
			return [][]byte{now.numbered(request, 5)}
		}))
		s := open(t, device("d", asPlain+w.at(), resource("r", isInt, "oid="+anObject)))
		w.change(func() {
			now.boots = 9
			if oid == unknownEngine {
				now.id += "new"
			}
		})
		wantValues(t, s, map[string]string{"r": "5"})
		w.change(func() { stubborn = true })
		w.sizes()
		if _, err := s.(actors.Poller).Poll(t.Context(), []string{"r"}); err == nil || w.count(gosnmp.GetRequest) != 2 {
			t.Errorf("an agent that reports %s for ever: %v after %d requests", oid, err, w.count(gosnmp.GetRequest))
		}
	}
}

// TestStraysOfVersionThree: both ids must be those of the question.
func TestStraysOfVersionThree(t *testing.T) {
	now := &engine{engineID, 1, 100}
	w := startWire(t, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
		wrong := numbered(request, 666).Variables
		m, id := request.MsgID, request.RequestID
		return [][]byte{
			now.answer(request, gosnmp.GetResponse, m+1, id, wrong...), now.answer(request, gosnmp.GetResponse, m, id+1, wrong...),
			now.answer(request, gosnmp.GetResponse, m, 0, wrong...), now.answer(request, gosnmp.GetResponse, 0, id, wrong...),
			now.answer(request, gosnmp.Report, m-1, id, number(unknownUser, 1)), now.answer(request, gosnmp.GetRequest, m, id, wrong...),
			datagram(gosnmp.SnmpPacket{Version: gosnmp.Version2c, PDUType: gosnmp.GetResponse, RequestID: id, Variables: wrong}),
			now.numbered(request, 5),
		}
	}))
	s := open(t, device("d", asPlain+w.at(), resource("r", isInt, "oid="+anObject)))
	wantValues(t, s, map[string]string{"r": "5"})
	if err := write(t, s, "r", roostv1.Int(1)); err != nil {
		t.Error(err)
	}
}

// TestAnswerThatIsNotAuthentic: who asks with a password takes no answer without.
func TestAnswerThatIsNotAuthentic(t *testing.T) {
	t.Setenv("SNMP_TEST_AUTH", "auth-password")
	now := &engine{engineID, 1, 100}
	reader := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthNoPriv,
		SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: "u", AuthenticationProtocol: gosnmp.SHA, AuthenticationPassphrase: "auth-password"}}
	asked := make(chan struct{}, 1)
	w := startWireFor(t, reader, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
		asked <- struct{}{}
		return [][]byte{now.numbered(request, 666)}
	}))
	err := openOnce(t.Context(), device("d", "version=3 user=u auth=SHA auth_password=env:SNMP_TEST_AUTH reply=500ms retries=0 agent="+w.at(),
		resource("r", isInt, "oid="+anObject)))
	if err == nil || !strings.Contains(err.Error(), "what came once was none") || len(asked) != 1 {
		t.Errorf("an answer without password: %v", err)
	}
}

// TestContext: a question of version 3 names the context at the agent's own engine.
func TestContext(t *testing.T) {
	now := &engine{engineID, 1, 100}
	asked := make(chan *gosnmp.SnmpPacket, 1)
	w := startWire(t, known(now, func(request *gosnmp.SnmpPacket) [][]byte {
		asked <- request
		return [][]byte{now.numbered(request, 5)}
	}))
	open(t, device("d", asPlain+w.at()+" context=vlan_7", resource("r", isInt, "oid="+anObject)))
	if request := <-asked; request.ContextEngineID != engineID || request.ContextName != "vlan 7" {
		t.Errorf("asked was context %q of engine %q", request.ContextName, request.ContextEngineID)
	}
}

// TestNoEngine: who does not say who he is does not speak version 3.
func TestNoEngine(t *testing.T) {
	for _, id := range []string{"", "abc", strings.Repeat("x", 33)} {
		now := &engine{id, 1, 1}
		w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte { return [][]byte{now.report(request, unknownEngine)} })
		err := openOnce(t.Context(), device("d", asPlain+w.at(), resource("r", isInt, "oid="+anObject)))
		if err == nil || !strings.Contains(err.Error(), "does not speak version 3") {
			t.Errorf("an agent called %q: %v", id, err)
		}
	}
}
