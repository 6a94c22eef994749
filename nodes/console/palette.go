package console

import (
	"github.com/jedib0t/go-pretty/v6/text"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Tone is what a text wants to be seen as.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Doubt
	Bad
	Faint
	Strong
)

// Palette turns tones into colours: the sixteen that every terminal has, as its owner
// chose them. The zero Palette leaves texts as they are.
type Palette bool

// Paint returns the text in a tone.
func (p Palette) Paint(t Tone, s string) string {
	if color := colorOf(t); bool(p) && color != text.Reset && s != "" {
		return color.EscapeSeq() + s + text.EscapeReset
	}
	return s
}

func colorOf(t Tone) text.Color {
	switch t {
	case Good:
		return text.FgGreen
	case Doubt:
		return text.FgYellow
	case Bad:
		return text.FgRed
	case Faint:
		return text.Faint
	case Strong:
		return text.Bold
	default:
		return text.Reset
	}
}

// StateTone is how well a device is in a state.
func StateTone(s roostv1.DeviceState) Tone {
	switch s {
	case roostv1.DeviceState_DEVICE_STATE_ONLINE:
		return Good
	case roostv1.DeviceState_DEVICE_STATE_OPENING, roostv1.DeviceState_DEVICE_STATE_RESTARTING,
		roostv1.DeviceState_DEVICE_STATE_MOVING, roostv1.DeviceState_DEVICE_STATE_SUSPENDED:
		return Doubt
	case roostv1.DeviceState_DEVICE_STATE_RETIRED:
		return Faint
	default:
		return Bad
	}
}

// memberTone is how well a gateway is in a state.
func memberTone(s roostv1.MemberState, answers bool) Tone {
	switch {
	case s == roostv1.MemberState_MEMBER_STATE_LEFT:
		return Faint
	case s == roostv1.MemberState_MEMBER_STATE_LIVE && answers:
		return Good
	case s == roostv1.MemberState_MEMBER_STATE_EVICTED:
		return Bad
	default:
		return Doubt
	}
}
