package cluster

import (
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Subjects names everything that one fleet has at the hub. Its methods put ids into
// subjects as they are: whoever calls them has checked the ids (roostv1.CheckID), since
// an id with a dot or a wildcard in it would name something else.
type Subjects struct {
	fleet string
	root  string // "roost.<fleet>."
}

// SubjectsOf returns the names of a fleet. The error is ErrInvalid: the fleet's name is no token.
func SubjectsOf(fleet string) (Subjects, error) {
	if err := roostv1.CheckID("fleet name", fleet); err != nil {
		return Subjects{}, err
	}
	return Subjects{fleet: fleet, root: "roost." + fleet + "."}, nil
}

// Fleet is the fleet's name.
func (s Subjects) Fleet() string { return s.fleet }

// ControlStream holds registry, members, owners and command records, in one order.
func (s Subjects) ControlStream() string { return "ROOST_" + s.fleet + "_CONTROL" }

// CommandsStream holds the last record of each command, for much longer than the control stream.
func (s Subjects) CommandsStream() string { return "ROOST_" + s.fleet + "_COMMANDS" }

// ReadingsStream holds the readings.
func (s Subjects) ReadingsStream() string { return "ROOST_" + s.fleet + "_READINGS" }

// Profile is where the registry keeps a profile.
func (s Subjects) Profile(id string) string { return s.root + "spec.profile." + id }

// Device is where the registry keeps a device.
func (s Subjects) Device(id string) string { return s.root + "spec.device." + id }

// Member is where a gateway's membership is recorded.
func (s Subjects) Member(gateway string) string { return s.root + "member." + gateway }

// Probe is where a gateway that waits for its own name writes, to see that the hub is there.
func (s Subjects) Probe(gateway string) string { return s.root + "probe." + gateway }

// Owner is where the owner of a bus is recorded; its sequence is the epoch.
func (s Subjects) Owner(bus string) string { return s.root + "own." + bus }

// Command is where the record of a command is kept.
func (s Subjects) Command(device, id string) string { return s.root + "cmd." + device + "." + id }

// Cancel is where the wish to cancel a command is kept.
func (s Subjects) Cancel(device, id string) string { return s.root + "cancel." + device + "." + id }

// Desired is where the registry keeps what is desired of a device.
func (s Subjects) Desired(device string) string { return s.root + "spec.desired." + device }

// Access is where it is kept what a credential's holder may do.
func (s Subjects) Access(name string) string { return s.root + "spec.access." + name }

// Reading is where a gateway stores the readings of a device. The hub lets each gateway store only its own.
func (s Subjects) Reading(device, gateway string) string {
	return s.root + "reading." + device + "." + gateway
}

// readingDevice is the device that a subject of Reading is about.
func (s Subjects) readingDevice(subject string) string {
	device, _, _ := strings.Cut(strings.TrimPrefix(subject, s.root+"reading."), ".")
	return device
}

// Event is where a gateway tells what happens. Nothing keeps it.
func (s Subjects) Event(gateway string) string { return s.root + "event." + gateway }

// Live is where a gateway takes what actors of another one ask its devices, and their answers.
// Nothing keeps it. The hub lets each gateway send only as itself.
func (s Subjects) Live(to, from string) string { return s.root + "live." + to + "." + from }

// sender is the gateway that a subject of Live is from.
func (s Subjects) sender(subject string) string {
	return subject[strings.LastIndexByte(subject, '.')+1:]
}

// Send is where any gateway takes requests to send a command.
func (s Subjects) Send() string { return s.root + "api.send" }

// FindCommand is where any gateway answers what became of a command.
func (s Subjects) FindCommand() string { return s.root + "api.command" }

// CancelCommand is where any gateway takes requests to cancel a command.
func (s Subjects) CancelCommand() string { return s.root + "api.cancel" }

// GatewayStatus is where one gateway answers what it serves.
func (s Subjects) GatewayStatus(gateway string) string { return s.gateway(gateway, "status") }

// GatewayRelease is where one gateway takes requests to end a quarantine.
func (s Subjects) GatewayRelease(gateway string) string { return s.gateway(gateway, "release") }

// GatewayDrain is where one gateway takes requests to hand over all that it owns.
func (s Subjects) GatewayDrain(gateway string) string { return s.gateway(gateway, "drain") }

// GatewayHistory is where one gateway tells what it remembers of a device.
func (s Subjects) GatewayHistory(gateway string) string { return s.gateway(gateway, "history") }

// asIdentity is where a name asks what may be asked at a bare subject of the api; both may be wildcards.
func asIdentity(bare, role, name string) string { return bare + "." + role + "." + name }

// identityOf is who asks at a subject of the api: the hub lets nobody ask at another one's. It is nil for
// the bare one, at which only hubs without users let anybody ask.
func (s Subjects) identityOf(subject string) *roostv1.Identity {
	rest, _ := strings.CutPrefix(subject, s.root+"api.")
	parts := strings.Split(rest, ".")
	if len(parts) != 3 {
		return nil
	}
	return &roostv1.Identity{Role: parts[1], Name: parts[2]}
}

func (s Subjects) gateway(id, verb string) string { return s.root + "gateway." + id + "." + verb }

// controlSubjects are what the control stream stores.
func (s Subjects) controlSubjects() []string {
	return []string{
		s.root + "spec.*.*", s.root + "member.*", s.root + "probe.*", s.root + "own.*",
		s.root + "cmd.*.*", s.root + "cancel.*.*",
	}
}

// readingSubjects are what the readings stream stores.
func (s Subjects) readingSubjects() []string { return []string{s.Reading("*", "*")} }

// Kind says what a record of the control stream is about.
type Kind uint8

// The kinds of records. The zero Kind is none of them.
const (
	KindProfile Kind = iota + 1
	KindDevice
	KindMember
	KindBus   // who owns it; in Changes also which devices are on it
	KindProbe // of a gateway that waits for its name
	KindCommand
	KindCancel  // the wish that a command is not carried out
	KindDesired // what is desired of a device
	KindAccess  // what a credential's holder may do
)

// Key names one record of the control stream.
type Key struct {
	Kind Kind
	ID   string // of the profile, device, gateway or bus; of a command: see commandKey
}

// key tells which record a subject of the control stream holds; false for one that
// this version knows nothing of.
func (s Subjects) key(subject string) (Key, bool) {
	rest, ok := strings.CutPrefix(subject, s.root)
	if !ok {
		return Key{}, false
	}
	for _, p := range [...]struct {
		prefix string
		kind   Kind
	}{
		{"cmd.", KindCommand},
		{"spec.device.", KindDevice},
		{"own.", KindBus},
		{"spec.profile.", KindProfile},
		{"member.", KindMember},
		{"probe.", KindProbe},
		{"cancel.", KindCancel},
		{"spec.desired.", KindDesired},
		{"spec.access.", KindAccess},
	} {
		if id, ok := strings.CutPrefix(rest, p.prefix); ok {
			return Key{Kind: p.kind, ID: id}, true
		}
	}
	return Key{}, false
}

// commandKey is what a command is known by: ids of commands are unique for each device only. Neither has a
// dot in it.
func commandKey(device, id string) string { return device + "." + id }

// splitCommandKey is the reverse of commandKey.
func splitCommandKey(key string) (device, id string) {
	device, id, _ = strings.Cut(key, ".")
	return device, id
}
