package opcua

import (
	"github.com/gopcua/opcua/ua"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	severity ua.StatusCode = 0xC0000000 // of a code
	isGood   ua.StatusCode = 0x00000000
	isUnsure ua.StatusCode = 0x40000000
	// meaning are the bits of a code that say what it is; the others tell more about the value.
	meaning ua.StatusCode = 0xFFFF0000
)

// qualityOf is what a code says of a value.
func qualityOf(code ua.StatusCode) roostv1.Quality {
	switch code & severity {
	case isGood:
		return roostv1.Quality_QUALITY_GOOD
	case isUnsure:
		return roostv1.Quality_QUALITY_UNCERTAIN
	}
	return roostv1.Quality_QUALITY_BAD
}

// reasonOf is why a value is not, or not plainly, good.
func reasonOf(code ua.StatusCode) roostv1.QualityReason {
	if reason, known := reasons[code&meaning]; known {
		return reason
	}
	switch code & severity {
	case isGood:
		return roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED
	case isUnsure:
		return roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
	}
	return roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE
}

var reasons = map[ua.StatusCode]roostv1.QualityReason{
	ua.StatusGoodClamped:       roostv1.QualityReason_QUALITY_REASON_CLAMPED,
	ua.StatusGoodLocalOverride: roostv1.QualityReason_QUALITY_REASON_OVERRIDDEN,

	ua.StatusUncertainNoCommunicationLastUsableValue: roostv1.QualityReason_QUALITY_REASON_STALE,
	ua.StatusUncertainLastUsableValue:                roostv1.QualityReason_QUALITY_REASON_STALE,
	ua.StatusUncertainInitialValue:                   roostv1.QualityReason_QUALITY_REASON_STALE,
	ua.StatusUncertainSubstituteValue:                roostv1.QualityReason_QUALITY_REASON_OVERRIDDEN,
	ua.StatusUncertainEngineeringUnitsExceeded:       roostv1.QualityReason_QUALITY_REASON_OUT_OF_RANGE,
	ua.StatusUncertainSimulatedValue:                 roostv1.QualityReason_QUALITY_REASON_SIMULATED,

	ua.StatusBadWaitingForInitialData: roostv1.QualityReason_QUALITY_REASON_STALE,
	ua.StatusBadNoData:                roostv1.QualityReason_QUALITY_REASON_STALE,
	ua.StatusBadSensorFailure:         roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT,
	ua.StatusBadDeviceFailure:         roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT,
	ua.StatusBadConfigurationError:    roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT,
	ua.StatusBadOutOfRange:            roostv1.QualityReason_QUALITY_REASON_OUT_OF_RANGE,
	ua.StatusBadTooManyOperations:     roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY,
	ua.StatusBadResourceUnavailable:   roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY,

	ua.StatusBadNotConnected:       roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED, // there is nothing behind the node,
	ua.StatusBadOutOfService:       roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadNodeIDUnknown:      roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED, // or there is no such node
	ua.StatusBadNodeIDInvalid:      roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadAttributeIDInvalid: roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadNotReadable:        roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadUserAccessDenied:   roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadIndexRangeNoData:   roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
	ua.StatusBadIndexRangeInvalid:  roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
}

// undone tells whether a code can only mean that the server did nothing of what it was asked. That a device behind it failed, or
// that time ran out, may mean that it was done in part.
func undone(code ua.StatusCode) bool { return refusals[code&meaning] }

var refusals = map[ua.StatusCode]bool{
	// of a write or a call
	ua.StatusBadNotWritable:              true,
	ua.StatusBadWriteNotSupported:        true,
	ua.StatusBadTypeMismatch:             true,
	ua.StatusBadOutOfRange:               true,
	ua.StatusBadUserAccessDenied:         true,
	ua.StatusBadSecurityModeInsufficient: true,
	ua.StatusBadNodeIDUnknown:            true,
	ua.StatusBadNodeIDInvalid:            true,
	ua.StatusBadAttributeIDInvalid:       true,
	ua.StatusBadIndexRangeInvalid:        true,
	ua.StatusBadIndexRangeNoData:         true,
	ua.StatusBadDataEncodingInvalid:      true,
	ua.StatusBadDataEncodingUnsupported:  true,
	ua.StatusBadNotSupported:             true,
	ua.StatusBadMethodInvalid:            true,
	ua.StatusBadNotExecutable:            true,
	ua.StatusBadArgumentsMissing:         true,
	ua.StatusBadTooManyArguments:         true,
	ua.StatusBadInvalidArgument:          true,
	ua.StatusBadNotImplemented:           true,
	// of the service as a whole, before it looks at what is asked
	ua.StatusBadServiceUnsupported:  true,
	ua.StatusBadSessionIDInvalid:    true,
	ua.StatusBadSessionNotActivated: true,
	ua.StatusBadTooManyOperations:   true,
	ua.StatusBadNothingToDo:         true,
}
