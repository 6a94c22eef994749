package findmodbus

import (
	"fmt"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// Station is a unit that has answered.
type Station struct {
	// Line is the address without the unit.
	Line map[string]string
	Unit byte
	// Every tells that it answers whatever the unit is.
	Every bool
	// Register is one that it has; nil if it refused those that were asked for.
	Register *Register
	// Objects are what it says of itself, as they came.
	Objects map[byte]string

	order int // of the line
}

// Register is a register, or a bit, that a unit gave.
type Register struct {
	Table   string // as the driver calls it
	Address uint16
	Value   uint16
}

// object is what a unit says of itself, in one line.
func (s Station) object(id byte) string { return discover.Line(s.Objects[id]) }

// where is the line, for people.
func (s Station) where() string {
	for _, way := range []string{"tcp", "rtu", serial} {
		if to := s.Line[way]; to != "" {
			if s.Line["baud"] != "" {
				to += " at " + s.Line["baud"] + " baud, " + s.Line["parity"] + " parity"
			}
			return to
		}
	}
	return "?"
}

// model is what kind of device it is, for people; empty if it does not say.
func (s Station) model() string {
	model := s.object(frame.ModelName)
	if model == "" {
		model = s.object(frame.ProductName)
	}
	if model == "" {
		model = s.object(frame.ProductCode)
	}
	return model
}

// String says what was found, in one line.
func (s Station) String() string {
	kind := strings.TrimSpace(s.object(frame.VendorName) + " " + s.model())
	if kind == "" {
		kind = "a device that does not say what it is"
	}
	return fmt.Sprintf("%s unit %d: %s", s.where(), s.Unit, kind)
}
