package actors

import (
	"context"
	"errors"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Driver is code that speaks to one kind of device. It opens sessions; all else
// about a device happens on the session.
//
// A driver is shared by all devices that name it, so Open may be called
// concurrently. A panic in a driver or a session is a failure of that device and
// of nothing else.
type Driver interface {
	// Open connects to the device and returns a session with it. ctx ends when
	// the device's open_timeout has passed; a session must not keep it.
	// An error counts as a failure of the device and is tried again later,
	// under its supervision policy.
	Open(ctx context.Context, d Device) (Session, error)
}

// Checker is a Driver that can tell without any I/O whether it understands a
// device: its address, the protocol entries of its resources, its commands.
// A device that it refuses is shown as misconfigured and is not opened.
type Checker interface {
	Check(d Device) error
}

// Counter is a Driver that counts what belongs to no device of its own, such as who is turned away where devices dial in.
type Counter interface {
	// Counted returns how often things happened since the driver was made, by their names: the same few at each call, in
	// lower case, with _ between words. No count goes back, also not when devices go. It does not wait for a device, and
	// may be called concurrently.
	Counted() map[string]uint64
}

// Device is what a driver is told of a device. Both messages are shared and must
// not be changed.
type Device struct {
	Spec    *roostv1.DeviceSpec
	Profile *roostv1.Profile
}

// Session is one connection to one device. What can be done with it shows in which
// of Poller, Pusher and Actuator it is as well; it must be a Poller or a Pusher
// if the profile has readable resources, and an Actuator if it can be commanded.
//
// Poll and Actuate are never called concurrently on one session, nor on two
// sessions of one bus; Push runs beside them. After Close nothing is called.
//
// Every call has a context with a deadline. A call that does not return soon
// after its context has ended is abandoned: it is counted, its result is ignored,
// and the device is restarted with a new session, while the old call may still run.
type Session interface {
	// Close ends the session and frees what it holds. It is called once, also
	// after a failure, and also while an abandoned call still runs. If ctx has ended
	// already, nothing must be said to the device any more: it is another gateway's.
	Close(ctx context.Context) error
}

// Poller is a Session whose device is asked for its values.
type Poller interface {
	// Poll reads the resources, which are readable ones of the profile, and
	// returns their samples in any order. A sample may be missing, or have a bad
	// quality, without the poll as a whole failing. The slice of names must not
	// be changed or kept.
	Poll(ctx context.Context, resources []string) ([]Sample, error)
}

// Pusher is a Session whose device sends by itself.
type Pusher interface {
	// Push hands what arrives to the sink until ctx ends, and then returns nil
	// or ctx's error. Returning earlier is a failure of the device, after what was
	// handed over before; that the sink refuses samples is no reason to return.
	Push(ctx context.Context, sink Sink) error
}

// Actuator is a Session whose device can be commanded.
type Actuator interface {
	// Actuate carries out one action, and returns what the device answered, by
	// name, if it answers more than yes.
	//
	// The error decides what the sender is told. nil: the device acknowledged.
	// An error that is ErrNotSent: certainly no byte left. One that is
	// ErrRefused: the device answered no, and did nothing. Any other, and above all
	// a timeout: the outcome is unknown.
	Actuate(ctx context.Context, a Action) (map[string]*roostv1.Value, error)
}

// Sink takes what a pushing device sends. Its methods may be called concurrently.
type Sink interface {
	// Emit hands over samples, and keeps the slice. It does not wait for anything,
	// but for a caller that emits more than the gateway takes (20,000 samples a
	// second and device, or a full mailbox): it is held for a millisecond and told
	// roostv1.ErrBusy. The samples are then dropped, counted, and declared in the stream.
	Emit(samples ...Sample) error

	// Deliver hands over samples and waits until they are stored; nil means
	// that they are durable, so that the device may forget them. Use it to
	// acknowledge a message to the device, and as back-pressure. With any error the
	// samples may or may not be stored.
	Deliver(ctx context.Context, samples ...Sample) error
}

// LossSink is a Sink that can be told of samples that will never come: a driver had to drop what the device sent, before it was
// read. They are counted and declared in the stream, as those are that Emit refuses. The sinks of the actors are of this kind.
type LossSink interface {
	Sink
	// Lost does not wait. It may be called concurrently.
	Lost(samples int)
}

// Sample is one value as a driver got it. The value must not be changed afterwards.
type Sample struct {
	Resource string
	// Value in the profile's type; a number of another type is converted where
	// no digit is lost, else the reading is BAD with DECODE_ERROR. nil where there
	// is no value: then Quality must be BAD.
	Value *roostv1.Value
	// Quality; unspecified means GOOD.
	Quality roostv1.Quality
	Reason  roostv1.QualityReason
	// At is when the bytes arrived, as time.Now told it: with its monotonic reading, so that no step
	// of the wall clock moves it. Zero means when Poll returned, or Emit or Deliver was called. So does a time
	// without monotonic reading, which somebody's wall clock told: it is taken for Source, if that is zero.
	At time.Time
	// Source is when the device says that it sampled, by its own clock; zero if it has none. It is
	// passed on as it is, however wrong it may be, and decides nothing.
	Source time.Time
	// VendorCode is the protocol's own code behind the quality.
	VendorCode uint32
	// Detail says for people what is wrong with a sample that is not GOOD: what came, and what was expected. It is shown
	// with the device as long as it is the last of its resource, up to 240 bytes of it, and not stored. There must be no
	// secret in it. Where it is empty and the value is none of the resource's type, or not within its limits, that is said.
	Detail string
}

// Action is one thing to do at a device: a write to a resource, or a command that
// the profile leaves to the driver as a whole (Resource is empty).
type Action struct {
	// CommandID is the id of the command that it is part of.
	CommandID string
	// Command is that command's name, and Arguments are its checked arguments.
	Command   string
	Arguments map[string]*roostv1.Value
	// Resource and Value are what to write.
	Resource string
	Value    *roostv1.Value
	// Epoch under which the gateway acts, for devices that can compare it.
	Epoch uint64
}

// Errors that a session returns to tell what is certain.
var (
	// ErrNotSent: no byte of the action left the gateway. The command has FAILED
	// without effect, and may be sent again by whoever wants to.
	ErrNotSent = errors.New("not sent")
	// ErrRefused: the device answered that it does not do this, and did nothing.
	ErrRefused = errors.New("refused by the device")
	// ErrSessionOver, of a Poll or an Actuate besides what it tells: the session can do nothing more. The device is
	// failed at once, and not only after several failed polls. It says nothing of the outcome of an action.
	ErrSessionOver = errors.New("the session is over")
)

// Store keeps readings. It is what the actors need of the cluster side.
type Store interface {
	// Store takes a batch without waiting and calls done exactly once, from any
	// goroutine: with nil when the batch is durable, else with the reason why
	// this is not known. The same batch is then given again, unchanged; a batch that
	// had been stored after all must not be stored twice. Only after roostv1.ErrInvalid,
	// which says that the batch can never be stored, it is dropped, and the next one
	// declares that. Batches of one device are given one at a time, in order. done
	// must not block, nor may Store.
	Store(batch *roostv1.ReadingBatch, done func(error))
}

// Rememberer is a Store that knows how far a device has come under an epoch: the last sequence that it has, or had;
// 0 if none. A device that is served again under an epoch goes on from there. It does not block.
type Rememberer interface {
	Last(deviceID string, epoch uint64) uint64
}
