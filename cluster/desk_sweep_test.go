package cluster

import (
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// handedTo is a Host that notes which commands it is handed.
type handedTo struct {
	Host
	ids []string
}

func (h *handedTo) Commands(_ string, _ uint64, open []*roostv1.OpenCommand) {
	for _, o := range open {
		h.ids = append(h.ids, o.Record.CommandId)
	}
}

// TestEachCommandHasOneEnder: under an epoch a command is the host's or the sweeper's, and stays so, whatever
// becomes of its device and its bus.
func TestEachCommandHasOneEnder(t *testing.T) {
	f := newFeed(t)
	f.begin(0, 0)
	f.device(1, 0)
	f.owner("g", 2, 0)
	f.command("a", stateAccepted, 3, 3, 0)
	h := &handedTo{}
	d := newDesk(f.picture, h, &serviceClock{}, nil)
	sweeps := func(id string, order uint64) bool { return d.leaves("d", 2, "d", "d."+id, order) }
	if sweeps("a", 3) {
		t.Error("swept before the host was given the bus")
	}
	with := &roostv1.Assignment{Bus: "d", Epoch: 2, Devices: []*roostv1.DeviceSpec{{Id: "d"}}}
	without := &roostv1.Assignment{Bus: "d", Epoch: 2}
	assign := func(a *roostv1.Assignment) {
		d.dismissing(a)
		d.assigned(a)
		d.handFresh()
	}
	assign(without)
	if !sweeps("a", 3) {
		t.Error("nobody ends what the host was not handed")
	}
	assign(with)
	f.command("b", stateAccepted, 4, 4, 0)
	d.handChanged([]Key{{KindCommand, "d.b"}})
	if len(h.ids) != 1 || h.ids[0] != "b" {
		t.Errorf("the host was handed %v, want what the sweeper does not end", h.ids)
	}
	d.dismissing(without)
	f.command("c", stateAccepted, 5, 5, 0)
	d.handChanged([]Key{{KindCommand, "d.c"}})
	d.assigned(without)
	d.withdrawn("d")
	if len(h.ids) != 1 || !sweeps("a", 3) || sweeps("b", 4) || !sweeps("c", 5) {
		t.Errorf("put down, handed %v: swept a %v, b %v, c %v", h.ids, sweeps("a", 3), sweeps("b", 4), sweeps("c", 5))
	}
	d.forget()
	if len(d.buses) != 1 {
		t.Error("the bus was forgotten while its epoch lasts")
	}
	f.owner("", 6, 0)
	d.forget()
	if len(d.buses) != 0 {
		t.Error("the bus is never forgotten")
	}
}
