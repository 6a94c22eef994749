package history

import (
	"cmp"
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
)

// History is all that is known of a run. Every list is in the order of the times.
type History struct {
	// Records are all of them.
	Records []Record
	// Untrusted are the recorders that prove nothing.
	Untrusted map[string]bool

	// Run is what was to be tried; never nil. Begin and End are the first and last times.
	Run        *Run
	Begin, End boottime.Instant

	Phases    []*Phase
	Processes []*Process
	Hardware  []*Hardware
	Faults    []*FaultWindow      // in the order in which they were asked for
	Leases    map[string][]*Lease // by gateway
	Asked     map[string][]*Lease // those that were seen on their way, by gateway
	Registers []*Register
	Pictures  []*Picture
	Backlogs  []*Backlog
	Health    []*Health
	Stalls    []*Health // when the harness did not get its turn

	Devices  map[string]*Device
	Buses    map[string]*Bus
	Commands map[string]*Command
	// Queries are calls of class Query, with their answers.
	Queries map[string]*Command
}

// Device is all that is known of one device.
type Device struct {
	ID string
	// Spec is what the run says of it; its ID is empty if the run does not know it.
	Spec      DeviceSpec
	Sessions  []*Session
	Reads     []*Read
	Actions   []*Action
	Acked     []*Acked
	Stored    []*Stored
	Delivered []*Delivered
	Commands  []*Command // that were called
	Events    []*Event
}

// Bus is all that is known of one bus.
type Bus struct {
	ID string
	// Grants are in the order of their epochs.
	Grants []*Grant
}

// Command is all that is known of one command. Call is nil if no client called it.
type Command struct {
	ID      string
	Call    *Call
	Answers []*Answer
	// Actions that the hardware was told to do for it, done or refused.
	Actions []*Action
}

// Done returns the actions of the command that the hardware did.
func (c *Command) Done() []*Action {
	var done []*Action
	for _, a := range c.Actions {
		if a.Done {
			done = append(done, a)
		}
	}
	return done
}

// Final returns the first answer with a final state; nil if there is none.
func (c *Command) Final() *Answer {
	for _, a := range c.Answers {
		if a.State.Final() {
			return a
		}
	}
	return nil
}

// Outcomes of a command of which no end is known.
const (
	NotAccepted = "not accepted"
	NotEnded    = "not ended"
)

// Outcome is the state in which a command ended, or else NotAccepted or NotEnded.
func (c *Command) Outcome() string {
	if last := c.Final(); last != nil {
		return string(last.State)
	}
	for _, a := range c.Answers {
		if a.State != "" {
			return NotEnded
		}
	}
	return NotAccepted
}

// New makes a history of records. It keeps them, and the slice.
func New(records []Record) *History {
	slices.SortStableFunc(records, func(a, b Record) int { return cmp.Compare(a.Stamped().At, b.Stamped().At) })
	h := &History{
		Records: records, Untrusted: map[string]bool{}, Run: &Run{}, Leases: map[string][]*Lease{}, Asked: map[string][]*Lease{},
		Devices: map[string]*Device{}, Buses: map[string]*Bus{}, Commands: map[string]*Command{},
		Queries: map[string]*Command{},
	}
	if n := len(records); n > 0 {
		h.Begin, h.End = records[0].Stamped().At, records[n-1].Stamped().At
	}
	windows := map[string]*FaultWindow{}
	for _, r := range records {
		h.add(r, windows)
	}
	h.finish()
	return h
}

func (h *History) add(r Record, windows map[string]*FaultWindow) {
	switch r := r.(type) {
	case *Run:
		h.Run = r
	case *Phase:
		h.Phases = append(h.Phases, r)
	case *Process:
		h.Processes = append(h.Processes, r)
	case *Hardware:
		h.Hardware = append(h.Hardware, r)
	case *Fault:
		w := windows[r.ID]
		if w == nil {
			w = &FaultWindow{ID: r.ID, Fault: r.Fault}
			windows[r.ID] = w
			h.Faults = append(h.Faults, w)
		}
		w.add(r)
	case *Lease:
		if r.Asked {
			h.Asked[r.Gateway] = append(h.Asked[r.Gateway], r)
			return
		}
		h.Leases[r.Gateway] = append(h.Leases[r.Gateway], r)
	case *Register:
		h.Registers = append(h.Registers, r)
	case *Picture:
		h.Pictures = append(h.Pictures, r)
	case *Backlog:
		h.Backlogs = append(h.Backlogs, r)
	case *Health:
		if r.Late > 0 {
			h.Stalls = append(h.Stalls, r)
			return
		}
		h.Health = append(h.Health, r)
	case *Grant:
		bus := h.bus(r.Bus)
		bus.Grants = append(bus.Grants, r)
	default:
		h.addToDevice(r)
	}
}

func (h *History) addToDevice(r Record) {
	switch r := r.(type) {
	case *Session:
		d := h.device(r.Device)
		d.Sessions = append(d.Sessions, r)
	case *Read:
		d := h.device(r.Device)
		d.Reads = append(d.Reads, r)
	case *Action:
		d := h.device(r.Device)
		d.Actions = append(d.Actions, r)
		if r.Command != "" {
			c := h.command(r.Command)
			c.Actions = append(c.Actions, r)
		}
	case *Acked:
		d := h.device(r.Device)
		d.Acked = append(d.Acked, r)
	case *Stored:
		d := h.device(r.Device)
		d.Stored = append(d.Stored, r)
	case *Delivered:
		d := h.device(r.Device)
		d.Delivered = append(d.Delivered, r)
	case *Event:
		if r.Device != "" {
			d := h.device(r.Device)
			d.Events = append(d.Events, r)
		}
	case *Call:
		if r.Class == Query {
			h.Queries[r.Command] = &Command{ID: r.Command, Call: r}
			return
		}
		c := h.command(r.Command)
		if c.Call == nil {
			c.Call = r
			d := h.device(r.Device)
			d.Commands = append(d.Commands, c)
		}
	case *Answer:
		if q := h.Queries[r.Command]; q != nil {
			q.Answers = append(q.Answers, r)
			return
		}
		c := h.command(r.Command)
		c.Answers = append(c.Answers, r)
	}
}

// finish does what can be done only when all records are there.
func (h *History) finish() {
	for _, w := range h.Faults {
		w.close(h.End)
	}
	for _, bus := range h.Buses {
		slices.SortStableFunc(bus.Grants, func(a, b *Grant) int { return cmp.Compare(a.Epoch, b.Epoch) })
	}
	for gateway, leases := range h.Leases {
		slices.SortStableFunc(leases, func(a, b *Lease) int {
			return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), order(a.OnWay, b.OnWay))
		})
		h.Leases[gateway] = slices.CompactFunc(leases, func(a, b *Lease) bool { return a.Sequence == b.Sequence && (a.OnWay || b.OnWay) })
	}
	for _, spec := range h.Run.Devices {
		h.device(spec.ID).Spec = spec
	}
}

// order puts what is not so before what is.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func (h *History) device(id string) *Device {
	d := h.Devices[id]
	if d == nil {
		d = &Device{ID: id}
		h.Devices[id] = d
	}
	return d
}

func (h *History) bus(id string) *Bus {
	b := h.Buses[id]
	if b == nil {
		b = &Bus{ID: id}
		h.Buses[id] = b
	}
	return b
}

func (h *History) command(id string) *Command {
	c := h.Commands[id]
	if c == nil {
		c = &Command{ID: id}
		h.Commands[id] = c
	}
	return c
}

// Phase returns when a phase began and ended; ok is false if it did not begin.
func (h *History) Phase(name PhaseName) (begin, end boottime.Instant, ok bool) {
	for i, p := range h.Phases {
		if p.Phase != name {
			continue
		}
		end = h.End
		if i+1 < len(h.Phases) {
			end = h.Phases[i+1].At
		}
		return p.At, end, true
	}
	return 0, 0, false
}
