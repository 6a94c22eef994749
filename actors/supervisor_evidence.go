package actors

import (
	"fmt"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lateAnswer takes what an abandoned attempt returned after all: it settles an UNKNOWN
// command, also one that was to be sent again, and is evidence for one that has ended. That one attempt
// failed says nothing of the others.
func (s *supervisor) lateAnswer(o *order, end outcome) {
	text := "late answer: done"
	if end.err != nil {
		text = fmt.Sprintf("late answer: %v", end.err)
	}
	if o == s.commands.current && o.permit.revoke() {
		s.commands.again()
	}
	s.learn(o, text, nil)
	c := outcomeOf(end)
	certain := c.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED ||
		c.State == roostv1.CommandState_COMMAND_STATE_FAILED && o.record.Attempt == 1
	if !certain || !s.commands.inDoubt(o) {
		s.writeEvidence(o)
		return
	}
	s.noteSteps(o, end)
	if c.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED && !o.acknowledged() {
		s.confirmLate(o, end)
		return
	}
	s.conclude(o, c)
}

// acknowledged reports whether the device's acknowledgement is all that its sender wants.
func (o *order) acknowledged() bool {
	return o.plan != nil && o.plan.Confirmation == roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK
}

// confirmLate looks whether the device shows what it has acknowledged late. It is UNKNOWN until then.
func (s *supervisor) confirmLate(o *order, end outcome) {
	s.settle(o)
	if l := o.look; l != nil && l.reported {
		p, _ := end.value.(*performance)
		l.from = p.began
		if s.seeLast(l) {
			s.confirmed(o, l, roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED)
			return
		}
	}
	s.write(o)
}

// learn adds evidence to a record.
func (s *supervisor) learn(o *order, text string, value *roostv1.Value) {
	o.record.Learn(&roostv1.Evidence{At: timestamp(s.stamp(o.record)), Gateway: s.env.id, Text: validText(text), Value: value})
}

// writeEvidence makes durable what was learned of a command, unless a record that is to come has it: while
// an attempt is under way nothing may take the place of its intent.
func (s *supervisor) writeEvidence(o *order) {
	if o == s.commands.current {
		return
	}
	if o.record.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN || o.record.State.Final() {
		s.write(o)
	}
}
