package cluster

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// feed fills a picture with messages, as one consumer after the other would.
type feed struct {
	*testing.T
	names   Subjects
	picture *Picture
	listing *listing
}

func newFeed(t *testing.T) *feed {
	t.Helper()
	names, err := SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	return &feed{T: t, names: names, picture: NewPicture(names)}
}

// begin begins a listing of a stream whose leader has messages up to last.
func (f *feed) begin(last, pending uint64) {
	f.listing = &listing{picture: f.picture, done: func() {}}
	f.listing.begin(tailStart{created: time.Unix(1, 0), last: last, pending: pending})
}

// deliver delivers a record, with so many behind it at the server that delivers.
func (f *feed) deliver(subject string, sequence, pending uint64, record proto.Message) {
	f.Helper()
	data, err := proto.Marshal(record)
	if err != nil {
		f.Fatal(err)
	}
	m := message{subject: subject, sequence: sequence, pending: pending, stored: time.Unix(int64(sequence), 0), data: data}
	f.listing.before(m)
	if err := f.picture.apply(m); err != nil {
		f.Fatal(err)
	}
	f.listing.after(m)
}

// command delivers a record of the command id for device d.
func (f *feed) command(id string, state roostv1.CommandState, order, sequence, pending uint64) {
	f.Helper()
	r := &roostv1.CommandRecord{
		DeviceId: "d", CommandId: id, State: state, Command: &roostv1.Command{DeviceId: "d", Id: id, Name: "set"},
		Transitions: []*roostv1.CommandTransition{{State: state}},
	}
	if order != sequence {
		r.Order = order
	}
	f.deliver(f.names.Command("d", id), sequence, pending, r)
}

func (f *feed) device(sequence, pending uint64) {
	f.Helper()
	f.deliver(f.names.Device("d"), sequence, pending, &roostv1.DeviceSpec{Id: "d", Profile: "p", Driver: "sim"})
}

func (f *feed) owner(gateway string, sequence, pending uint64) {
	f.Helper()
	f.deliver(f.names.Owner("d"), sequence, pending, &roostv1.Ownership{Bus: "d", Gateway: gateway, Incarnation: "i"})
}

// open are the ids of the open commands of the device.
func (f *feed) open() []string {
	var ids []string
	for _, o := range f.picture.Open("d") {
		ids = append(ids, o.Record.CommandId)
	}
	return ids
}

const (
	stateAccepted  = roostv1.CommandState_COMMAND_STATE_ACCEPTED
	stateSucceeded = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
)
