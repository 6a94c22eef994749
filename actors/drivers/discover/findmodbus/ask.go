package findmodbus

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// line asks the units of one line. Those that are not asked since there is no point in it count as asked.
func (s *search) line(ctx context.Context, l numberedLine) {
	asked := 0
	defer func() {
		if ctx.Err() == nil {
			s.tally.Step(len(s.Units) - asked)
		}
	}()
	if s.settled(l) {
		return
	}
	keys := maps.Clone(l.keys)
	keys["reply"], keys["pause"] = s.Reply.String(), s.Pause.String()
	opening, cancel := context.WithTimeout(ctx, s.Connect)
	defer cancel()
	p, err := modbus.OpenProbe(opening, keys)
	if err != nil { // nobody is there
		s.fail(l, err)
		return
	}
	defer p.Close()
	a := asker{Probe: p, search: s}
	for found := 0; asked < len(s.Units); {
		station, there := a.unit(ctx, s.Units[asked])
		if a.hopeless(ctx) {
			return
		}
		asked++
		s.tally.Step(1)
		if there {
			station.Line, station.order = l.keys, l.order
			station.Every = found == 0 && a.answersEvery(ctx)
			found++
			s.add(station)
			if station.Every {
				return
			}
		}
	}
}

// asker asks the units of a line.
type asker struct {
	*modbus.Probe
	*search
	strange int // answers that were none
	gone    int // questions in a row that could not be sent
}

// mostStrange is how many answers may be none until what is there is taken for something else than Modbus.
const mostStrange = 2

// hopeless tells whether there is no point in going on.
func (a *asker) hopeless(ctx context.Context) bool {
	return ctx.Err() != nil || a.strange >= mostStrange || a.gone >= mostStrange
}

// ask asks one question. The answer tells whether anybody is there: an exception is a sign of life, but for those of a converter
// that has nobody to ask.
func (a *asker) ask(ctx context.Context, unit byte, r frame.Request) (response frame.Response, there bool, err error) {
	asking, cancel := context.WithTimeout(ctx, a.Connect+a.Reply+a.Pause) // it may have to connect anew
	defer cancel()
	response, err = a.Ask(asking, unit, r)
	var exception frame.Exception
	switch {
	case err == nil:
		there = true
	case errors.As(err, &exception):
		there = exception != frame.GatewayNoPath && exception != frame.GatewayTargetNoAnswers
	case errors.Is(err, frame.ErrGarbled):
		a.strange++
		return response, false, err
	case errors.Is(err, actors.ErrNotSent):
		a.gone++
		return response, false, err
	}
	a.gone = 0
	return response, there, err
}

// tables are where a register is looked for, in this order.
var tables = []struct {
	name     string
	function frame.Function
}{
	{"holding", frame.ReadHoldingRegisters}, {"input", frame.ReadInputRegisters}, {"coil", frame.ReadCoils}, {"discrete", frame.ReadDiscreteInputs},
}

// unit asks who a unit is; false if nobody answers.
func (a *asker) unit(ctx context.Context, unit byte) (Station, bool) {
	station := Station{Unit: unit}
	for i, table := range tables {
		response, there, err := a.ask(ctx, unit, frame.Request{Function: table.function, Count: 1})
		if i == 0 && !there {
			return station, false
		}
		if err == nil {
			station.Register = &Register{Table: table.name, Value: first(response)}
			break
		}
	}
	station.Objects = a.objects(ctx, unit)
	return station, true
}

func first(r frame.Response) uint16 {
	if len(r.Registers) > 0 {
		return r.Registers[0]
	}
	if len(r.Bits) > 0 && r.Bits[0] {
		return 1
	}
	return 0
}

// mostObjects bounds what is asked of a unit that always has more to say.
const mostObjects = 8

// objects asks what a unit says of itself: nothing, if it does not understand. What it may have is asked for only if it says so.
func (a *asker) objects(ctx context.Context, unit byte) map[byte]string {
	objects := map[byte]string{}
	category, from := frame.Basic, byte(0)
	for range mostObjects {
		response, _, err := a.ask(ctx, unit, frame.Request{Function: frame.ReadIdentification, Category: category, Object: from})
		if err != nil {
			break
		}
		for _, o := range response.Identity.Objects {
			objects[o.ID] = o.Text
		}
		switch {
		case response.Identity.More:
			from = response.Identity.Next
		case category == frame.Basic && response.Identity.Conformity&0x7F >= byte(frame.Regular):
			category, from = frame.Regular, frame.VendorURL
		default:
			return objects
		}
	}
	return objects
}

// answersEvery tells whether a unit answers that nobody would use, and that was not to be asked.
func (a *asker) answersEvery(ctx context.Context) bool {
	for unit := byte(247); unit > 0; unit-- {
		if !slices.Contains(a.Units, unit) {
			_, there, _ := a.ask(ctx, unit, frame.Request{Function: frame.ReadHoldingRegisters, Count: 1})
			return there
		}
	}
	return false // all of them are asked for
}
