package modbus_test

import (
	"errors"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// TestProbeOnlyReads: who looks for devices cannot change any.
func TestProbeOnlyReads(t *testing.T) {
	asked := make(chan byte, 16)
	h := listen(t)
	h.serve(func(_ int, request []byte) []byte {
		function := request[7]
		asked <- function
		return answerTo(request, request[6], function|0x80, byte(frame.IllegalFunction))
	})
	p, err := modbus.OpenProbe(t.Context(), map[string]string{"tcp": h.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	reads := map[frame.Function]bool{1: true, 2: true, 3: true, 4: true, 43: true}
	for function := range 256 {
		r := frame.Request{Function: frame.Function(function), Count: 1, Bits: []bool{true}}
		switch r.Function {
		case frame.ReadIdentification:
			r = frame.Request{Function: r.Function, Category: frame.Basic}
		case frame.WriteRegister, frame.WriteRegisters:
			r = frame.Request{Function: r.Function, Registers: []uint16{1}}
		case frame.ReadWriteRegisters:
			r = frame.Request{Function: r.Function, Count: 1, Registers: []uint16{1}}
		case frame.WriteCoil, frame.WriteCoils:
			r.Count = 0
		case frame.MaskWriteRegister:
			r = frame.Request{Function: r.Function}
		default:
			r.Bits = nil
		}
		_, err := p.Ask(t.Context(), 1, r)
		if reads[r.Function] {
			if !errors.Is(err, frame.IllegalFunction) || <-asked != byte(function) {
				t.Errorf("%s: %v, want the device's answer", r.Function, err)
			}
			continue
		}
		if !errors.Is(err, actors.ErrNotSent) || len(asked) > 0 {
			t.Errorf("%s: %v, and %d requests came; want ErrNotSent, and none", r.Function, err, len(asked))
		}
	}
	p.Close()
	if _, err := p.Ask(t.Context(), 1, frame.Request{Function: 3, Count: 1}); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("after Close: %v", err)
	}
}
