package snmp

import (
	"errors"
	"fmt"
	"time"

	"github.com/gosnmp/gosnmp"
)

// engine is what is known of an agent of version 3: its id, and its clock, without which it takes no message.
type engine struct {
	id    string
	boots uint32
	time  uint32
	heard time.Time // when it told its clock
}

// Bounds of an engine's id in octets, by RFC 3411.
const (
	minEngine = 5
	maxEngine = 32
)

// engineOf returns the engine that a message is of.
func engineOf(message *gosnmp.SnmpPacket) (engine, bool) {
	of, ok := message.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || len(of.AuthoritativeEngineID) < minEngine || len(of.AuthoritativeEngineID) > maxEngine {
		return engine{}, false
	}
	return engine{of.AuthoritativeEngineID, of.AuthoritativeEngineBoots, of.AuthoritativeEngineTime, time.Now()}, true
}

// tell gives what is known to who writes messages for the engine.
func (e engine) tell(user *gosnmp.UsmSecurityParameters) error {
	if user.AuthoritativeEngineID != e.id {
		user.AuthoritativeEngineID, user.SecretKey, user.PrivacyKey = e.id, nil, nil
		if err := user.InitSecurityKeys(); err != nil {
			return fmt.Errorf("derive the keys of user %s: %w", user.UserName, err)
		}
	}
	user.AuthoritativeEngineBoots = e.boots
	user.AuthoritativeEngineTime = e.now()
	return nil
}

// now is what the engine's clock shows. It has gone on since it was heard.
func (e engine) now() uint32 { return e.time + uint32(time.Since(e.heard)/time.Second) }

// report is why an agent of version 3 did not look at a message, as the object that it reported. It has done nothing then.
type report string

// Reports of RFC 3414 and RFC 3412.
const (
	reportLevel     report = ".1.3.6.1.6.3.15.1.1.1.0"
	reportTime      report = ".1.3.6.1.6.3.15.1.1.2.0"
	reportUser      report = ".1.3.6.1.6.3.15.1.1.3.0"
	reportEngine    report = ".1.3.6.1.6.3.15.1.1.4.0"
	reportDigest    report = ".1.3.6.1.6.3.15.1.1.5.0"
	reportDecrypted report = ".1.3.6.1.6.3.15.1.1.6.0"
	reportContext   report = ".1.3.6.1.6.3.12.1.5.0"
	reportNoContext report = ".1.3.6.1.6.3.12.1.4.0"
)

var reports = map[report]string{
	reportLevel:     "the agent does not take the user at this level of security: check auth and privacy",
	reportTime:      "the agent's clock is not the one that it told, which was asked for anew",
	reportUser:      "the agent does not know the user",
	reportEngine:    "the agent is not the one that it was, and was asked for anew",
	reportDigest:    "the agent found the user's message not authentic: check auth_password and auth",
	reportDecrypted: "the agent could not decrypt the user's message: check privacy_password and privacy",
	reportContext:   "the agent does not know the context",
	reportNoContext: "the agent does not have the context at present",
}

// Error implements error.
func (r report) Error() string {
	if text, known := reports[r]; known {
		return text
	}
	return "the agent did not take the message, and reports " + plainOID(string(r))
}

// variable is the report as it is sent. How often it was made so far is nobody's business.
func (r report) variable() gosnmp.SnmpPDU {
	return gosnmp.SnmpPDU{Name: string(r), Type: gosnmp.Counter32, Value: uint32(1)}
}

// stale tells whether the report only says that the engine is not known as it is now.
func (r report) stale() bool { return r == reportTime || r == reportEngine }

// reportOf returns what an agent reports.
func reportOf(message *gosnmp.SnmpPacket) report {
	if len(message.Variables) == 0 {
		return "nothing"
	}
	return report(message.Variables[0].Name)
}

var errNoEngine = errors.New("the agent did not tell who it is: it does not speak version 3")
