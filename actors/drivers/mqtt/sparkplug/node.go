package sparkplug

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

const (
	// maxText is how long names are, of metrics and devices, and texts that are kept as last values, in bytes.
	maxText = 1024
	// bdSeq is the metric by which a death tells of which birth it is.
	bdSeq = "bdSeq"
)

// Node is what is known of an edge node and of the devices behind it: one sequence of messages, whichever of them they are of. The device "" is
// the edge node itself. The zero value knows nothing. It must not be used concurrently.
//
// Of all metrics together it keeps at most [MaxMetrics], with their last values; texts that are longer than 1 KiB are not kept.
type Node struct {
	born    bool
	birth   uint64 // bdSeq of it
	named   bool   // it has one
	next    uint8  // the sequence number that is due
	synced  bool   // it is known
	doubt   bool   // something is missing since the birth: aliases may be others by now
	owed    string // why a birth is needed; empty: it is not
	devices map[string]*device
	kept    int // metrics of all devices, and one for each device
}

// Reading is a metric's value, with its name and its datatype, whichever way they were said.
type Reading struct {
	Metric
	// At is when it came, as it was told to Hear.
	At time.Time
	// Doubtful tells that messages before it did not come: the value may be another metric's.
	Doubtful bool
}

// Message is what came, and where.
type Message struct {
	Verb    Verb
	Device  string
	Payload []byte
	// TooLong tells that there was more payload than is taken.
	TooLong bool
	// At is when it came.
	At time.Time
}

// Heard is what a message has told.
type Heard struct {
	// Device is of whom Readings, Flaw and Birth are.
	Device string
	// Readings are the values in it that can be attributed.
	Readings []Reading
	// Birth tells that Readings are all that there is of the device.
	Birth bool
	// Flaw is why it could not be read; nil if it could.
	Flaw error
	// NodeBorn tells that the edge node was born, so that all its devices have to be.
	NodeBorn bool
	// Died tells that the device is gone; with the edge node, the device "", all its devices are.
	Died bool
	// Lost is how many messages before this one did not come, of the edge node or of any device behind it.
	Lost int
	// Unread is how many values in this one, at the least, could not be attributed or read.
	Unread int
	// Rebirth is why the edge node has to be asked for its births; empty: it need not. It stays with all messages until they come.
	Rebirth string
}

var errLong = errors.New("it is longer than is taken")

// Hear takes the next message of the edge node, in the order in which they come.
func (n *Node) Hear(m Message) Heard {
	h := Heard{Device: m.Device}
	if len(m.Device) > maxText {
		return h
	}
	payload, err := Decode(m.Payload)
	if m.TooLong {
		err = errLong
	}
	switch {
	case m.Verb == NodeDeath:
		n.nodeDeath(&h, payload, err)
	case m.Verb == NodeBirth:
		n.nodeBirth(&h, m, payload, err)
	case !n.born:
		h.Rebirth = fmt.Sprintf("%s came before the edge node's birth", m.Verb)
	case err != nil:
		n.garbled(&h, m, err)
	default:
		n.count(&h, payload.Seq)
		n.hear(&h, m, payload)
	}
	if n.born {
		n.owed = cmp.Or(h.Rebirth, n.owed)
		h.Rebirth = n.owed
	}
	return h
}

// hear takes a message of an edge node that was born.
func (n *Node) hear(h *Heard, m Message, p Payload) {
	switch m.Verb {
	case DeviceBirth:
		if h.Flaw = n.deviceBirth(h, m, p); h.Flaw != nil {
			h.Readings = nil
		}
	case DeviceDeath:
		n.forget(m.Device)
		h.Died = true
	case NodeData, DeviceData:
		n.data(h, m, p)
	}
}

// count looks whether a sequence number is the one that is due. One that is behind it is of a message that was overtaken by others, or
// of a birth that did not come: what comes then is in doubt as well.
func (n *Node) count(h *Heard, seq uint8) {
	missing := int(seq - n.next)
	switch {
	case !n.synced || missing == 0:
		n.next, n.synced = seq+1, true
		return
	case missing < 128:
		h.Lost = missing
		n.next = seq + 1
	}
	h.Rebirth = fmt.Sprintf("a message of sequence %d came, and not the one of %d", seq, seq-uint8(missing))
	n.doubt = true
}

// garbled takes note of a message that cannot be read, so that its sequence number is not known either.
func (n *Node) garbled(h *Heard, m Message, err error) {
	h.Flaw, h.Unread, n.synced = err, 1, false
	h.Rebirth = fmt.Sprintf("a %s could not be read: %v", m.Verb, err)
	if m.Verb == DeviceBirth {
		n.forget(m.Device)
	}
	if m.Verb == DeviceDeath {
		n.forget(m.Device)
		h.Flaw, h.Unread, h.Died = nil, 0, true // the topic says it all
	}
}

func (n *Node) nodeBirth(h *Heard, m Message, p Payload, err error) {
	*n = Node{}
	h.NodeBorn = true
	if err == nil {
		n.born, n.synced, n.next = true, true, p.Seq+1
		n.birth, n.named = p.death()
		err = n.deviceBirth(h, m, p)
	}
	if err != nil {
		*n = Node{}
		h.Readings, h.Flaw = nil, err
	}
}

func (n *Node) nodeDeath(h *Heard, p Payload, err error) {
	of, named := p.death()
	if err != nil || !n.born || named != n.named || of != n.birth {
		return // it is of an earlier birth, which a broker may tell late
	}
	*n = Node{}
	h.Died = true
}

// death returns the number of the death that belongs to a birth.
func (p Payload) death() (number uint64, named bool) {
	for i := range p.Metrics {
		if m := &p.Metrics[i]; m.Name == bdSeq {
			v, err := m.Value(UInt64)
			return v.GetUint(), err == nil
		}
	}
	return 0, false
}
