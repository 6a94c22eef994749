package cluster

import (
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSettledIsNotHanded: a command whose end was written to the hub is not handed to the host, although the picture does
// not have that end yet; the same id later, as another command, is.
func TestSettledIsNotHanded(t *testing.T) {
	f := newFeed(t)
	f.begin(0, 0)
	f.device(1, 0)
	f.owner("g", 2, 0)
	f.command("a", stateAccepted, 3, 3, 0)
	h := &handedTo{}
	e := &Edge{settled: map[string]settled{}}
	e.settle("d.a", settled{order: 3, until: 5})
	d := newDesk(f.picture, h, &serviceClock{}, e)
	d.assigned(&roostv1.Assignment{Bus: "d", Epoch: 2, Devices: []*roostv1.DeviceSpec{{Id: "d"}}})
	e.forgetSettled(4)
	d.handFresh()
	if len(h.ids) != 0 {
		t.Errorf("the host was handed %v, which had ended", h.ids)
	}
	f.command("a", stateAccepted, 7, 7, 0)
	d.handChanged([]Key{{KindCommand, "d.a"}})
	if len(h.ids) != 1 {
		t.Errorf("another command of that id: the host was handed %v", h.ids)
	}
}
