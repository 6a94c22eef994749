package actors

import (
	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The messages between the actors. They are not changed once sent. Messages from a
// device carry its incarnation, since what an earlier one began may end later.

// control is embedded by messages of the actors' own protocol.
type control struct{}

func (control) lane() lane { return laneControl }

// work is embedded by messages that commands overtake.
type work struct{}

func (work) lane() lane { return laneWork }

// To a parent.
type (
	// ended tells that a child has stopped.
	ended struct {
		control
		who *actor.PID
	}
	// crashed tells that a child has panicked; it is suspended.
	crashed struct {
		control
		who    *actor.PID
		reason any
	}
)

// To a bus.
type (
	// assign brings the bus to what the assignment says.
	assign struct {
		control
		assignment *roostv1.Assignment
		models     map[string]*model // by profile id
	}
	// turnWanted asks for a turn on the medium.
	turnWanted struct {
		control
		call *call
	}
	// turnOver tells that the call no longer uses the medium.
	turnOver struct {
		control
		call    *call
		outcome outcome
	}
	// turnReady is the bus's own timer: a device has rested.
	turnReady struct{ control }
	// leaseChanged tells that the gateway was suspended, or that its suspension ended; it
	// goes down the tree, and everybody looks for himself.
	leaseChanged struct{ control }
	// shut asks a bus or supervisor to stop in order; retired says that the device is not served by
	// anybody any more.
	shut struct {
		control
		retired bool
	}
	// kill asks a bus to stop at once. Unlike protoactor's own Stop it overtakes nothing, so the
	// bus knows who it is when it ends.
	kill struct{ control }
	// commandsOf brings commands of devices of a bus that have not ended.
	commandsOf struct {
		control
		bus   string
		epoch uint64
		open  []*roostv1.OpenCommand
	}
	// strayed is the timer of commands whose device is not on the bus.
	strayed struct {
		control
		device string
	}
	// wireFree tells that no driver call uses the bus any more.
	wireFree struct{ control }
)

// To a supervisor.
type (
	// charge tells what to supervise; the first message, and again on a change.
	charge struct {
		control
		spec  *roostv1.DeviceSpec
		model *model
		bus   *actor.PID
		wire  *wire // of the bus
		epoch uint64
		// desired is what the operator wants it to be; nil: nothing.
		desired *roostv1.Desired
	}
	// opened is the end of the driver's Open; the value is the Session, which unclaimed closes
	// when no supervisor is there to take it.
	opened struct {
		control
		incarnation uint64
		outcome     outcome
		late        bool
		unclaimed   func(Session)
	}
	// fenced tells that the fence kept an incarnation from its device, or took it from it.
	fenced struct {
		control
		incarnation uint64
	}
	// changed tells that the device answers, or does not.
	changed struct {
		control
		incarnation uint64
		state       roostv1.DeviceState
		status      *roostv1.Status
	}
	// sampled brings samples; done may be nil.
	sampled struct {
		work
		arrival
		incarnation uint64
		good        bool // at least one has a usable value
		done        func(error)
		losses      *losses
	}
	// lost tells of samples and polls that never became readings.
	lost struct {
		control
		samples *losses // may be nil
		polls   uint64
	}
	// abandonedCall and returnedCall count driver calls that ignore their context.
	abandonedCall struct {
		control
		what string
	}
	returnedCall struct {
		control
		what string
	}
	// closed is the end of the session's Close.
	closed struct {
		control
		outcome outcome
	}
	// restartDue and permitted let the next incarnation begin.
	restartDue struct {
		control
		incarnation uint64
	}
	permitted struct{ control }
	// stored is the store's answer for the batch in flight.
	stored struct {
		control
		err error
	}
	// storeAgain is the timer after a failed attempt to store.
	storeAgain struct{ control }
	// statusWanted asks for a status; the answer is sent without waiting.
	statusWanted struct {
		control
		resources bool
		answer    chan<- *roostv1.DeviceStatus
	}
	// readWanted asks for the last of some resources, or of all.
	readWanted struct {
		resources []string
		answer    func(proto.Message, error)
	}
	// releaseWanted ends a quarantine.
	releaseWanted struct {
		control
		answer chan<- error
	}
)

func (o *opened) refuse(error) {
	if session, ok := o.outcome.value.(Session); ok && session != nil && o.unclaimed != nil {
		o.unclaimed(session)
	}
}

func (readWanted) lane() lane { return laneCommand }

func (r *readWanted) refuse(reason error) { r.answer(nil, reason) }

func (r *releaseWanted) refuse(reason error) { r.answer <- reason }

func (s *statusWanted) refuse(error) { s.answer <- nil }

// To a device.
type (
	// begin tells what to be; the first message.
	begin struct {
		control
		*charge
		incarnation uint64
		supervisor  *actor.PID
		driver      Driver
	}
	// sessionOpen hands the session over that the supervisor keeps.
	sessionOpen struct {
		control
		session Session
	}
	// tick is the device's timer.
	tick struct{ work }
	// pollSoon asks for a poll out of turn, to show what a command did.
	pollSoon struct{ work }
	// polled is the end of a poll; the value is an arrival.
	polled struct {
		work
		resources []string
		ticks     uint64 // that it was for
		outcome   outcome
	}
	// pushed brings samples from a pushing session.
	pushed struct {
		work
		arrival
		done   func(error) // may be nil
		losses *losses
	}
	// pushEnded is the end of Push. It comes after what was pushed before, which is not to be lost with the session.
	pushEnded struct {
		work
		outcome outcome
	}
	// broken tells that a call showed the driver or session to be unusable.
	broken struct {
		control
		status *roostv1.Status
	}
)

func (p *pushed) refuse(reason error) { refuseSamples(p.samples, p.done, p.losses, reason) }

func (s *sampled) refuse(reason error) { refuseSamples(s.samples, s.done, s.losses, reason) }

// refuseSamples declares samples lost; but who waits for them still has them, and is told.
func refuseSamples(samples []Sample, done func(error), losses *losses, reason error) {
	if done != nil {
		done(reason)
		return
	}
	losses.add(len(samples))
}
