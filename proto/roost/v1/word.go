package roostv1

import "strings"

// A Word is an enum's value as people read it: without its prefix, "-" for
// unspecified, and the number for one that a later version added. What Roost's
// documents write in capitals stays so (SUCCEEDED, ABSOLUTE, DOUBLE); all else is in lower
// case with spaces (online, out of range).

// Word returns "DOUBLE".
func (x ValueType) Word() string { return term(x.String(), "VALUE_TYPE_") }

// Word returns "READ_WRITE"; unspecified is what it is taken for, "READ".
func (x Access) Word() string {
	if x == Access_ACCESS_UNSPECIFIED {
		x = Access_ACCESS_READ
	}
	return term(x.String(), "ACCESS_")
}

// Word returns "ABSOLUTE".
func (x WriteKind) Word() string { return term(x.String(), "WRITE_KIND_") }

// Word returns "READBACK".
func (x Confirmation) Word() string { return term(x.String(), "CONFIRMATION_") }

// Word returns "SUCCEEDED".
func (x CommandState) Word() string { return term(x.String(), "COMMAND_STATE_") }

// Word returns "device away".
func (x QueueReason) Word() string { return word(x.String(), "QUEUE_REASON_") }

// Word returns "partial".
func (x Effect) Word() string { return word(x.String(), "EFFECT_") }

// Word returns "high"; unspecified is what it is taken for, "normal".
func (x Priority) Word() string {
	if x == Priority_PRIORITY_UNSPECIFIED {
		x = Priority_PRIORITY_NORMAL
	}
	return word(x.String(), "PRIORITY_")
}

// Word returns "good".
func (x Quality) Word() string { return word(x.String(), "QUALITY_") }

// Word returns "out of range".
func (x QualityReason) Word() string { return word(x.String(), "QUALITY_REASON_") }

// Word returns "synced".
func (x ClockState) Word() string { return word(x.String(), "CLOCK_STATE_") }

// Word returns "locked"; unspecified is what it is taken for, "enabled".
func (x AdminState) Word() string {
	if x == AdminState_ADMIN_STATE_UNSPECIFIED {
		x = AdminState_ADMIN_STATE_ENABLED
	}
	return word(x.String(), "ADMIN_STATE_")
}

// Word returns "online".
func (x DeviceState) Word() string { return word(x.String(), "DEVICE_STATE_") }

// Word returns "live".
func (x MemberState) Word() string { return word(x.String(), "MEMBER_STATE_") }

// Word returns "restarted".
func (x EventKind) Word() string { return word(x.String(), "EVENT_KIND_") }

func term(name, prefix string) string {
	name = strings.TrimPrefix(name, prefix)
	if name == "UNSPECIFIED" {
		return "-"
	}
	return name
}

func word(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(term(name, prefix)), "_", " ")
}

// Word is the name for people: "failing".
func (x SpoolState) Word() string { return word(x.String(), "SPOOL_STATE_") }
