package snmp

import (
	"fmt"
	"strconv"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// status is the error status of an answer, by RFC 3416.
type status gosnmp.SNMPError

var statusWords = [...]string{
	"noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength", "wrongEncoding",
	"wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed", "undoFailed", "authorizationError",
	"notWritable", "inconsistentName",
}

// Error implements error.
func (s status) Error() string {
	if int(s) < len(statusWords) {
		return "the agent answers " + statusWords[s]
	}
	return "the agent answers with error status " + strconv.Itoa(int(s))
}

// undone tells whether the agent has certainly done nothing. It judges the whole request before it does anything. After that, it says
// commitFailed, undoFailed or genErr, and the device is in whatever state it is.
func (s status) undone() bool {
	switch gosnmp.SNMPError(s) {
	case gosnmp.NoError, gosnmp.GenErr, gosnmp.CommitFailed, gosnmp.UndoFailed:
		return false
	}
	return int(s) < len(statusWords)
}

// outcome is how a SET has ended.
func (s status) outcome() error {
	switch {
	case gosnmp.SNMPError(s) == gosnmp.NoError:
		return nil
	case s.undone():
		return fmt.Errorf("%w: %w", actors.ErrRefused, s)
	}
	return s
}

// reason is why there is no value when the agent answers so to one who reads.
func (s status) reason() roostv1.QualityReason {
	switch gosnmp.SNMPError(s) {
	case gosnmp.NoSuchName, gosnmp.NoAccess, gosnmp.AuthorizationError:
		return roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED // for us there is nothing of that name
	case gosnmp.ResourceUnavailable:
		return roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY
	case gosnmp.TooBig:
		return roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE
	}
	return roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
}
