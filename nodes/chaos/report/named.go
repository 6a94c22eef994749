package report

import (
	"strconv"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// named is what violations name: it is drawn, whatever else is left out.
type named struct {
	commands map[string]string // the violation's anchor, by command
	devices  map[string]bool
}

// reference is a record as violations name it.
type reference struct {
	recorder string
	number   uint64
}

func referenceOf(id string) (reference, bool) {
	i := strings.LastIndexByte(id, '#')
	if i < 0 {
		return reference{}, false
	}
	n, err := strconv.ParseUint(id[i+1:], 10, 64)
	return reference{id[:i], n}, err == nil
}

// namedBy collects what the violations of results name.
func namedBy(results []check.Result, h *history.History) named {
	n := named{commands: map[string]string{}, devices: map[string]bool{}}
	wanted := map[reference]string{}
	each(results, func(anchor string, _ check.Result, v check.Violation) {
		if h.Commands[v.Subject] != nil {
			n.command(v.Subject, anchor)
		}
		device, _, _ := strings.Cut(v.Subject, "/") // of a reading
		if h.Devices[device] != nil {
			n.devices[device] = true
		}
		for _, id := range v.Records {
			if ref, ok := referenceOf(id); ok {
				wanted[ref] = anchor
			}
		}
	})
	if len(wanted) > 0 {
		n.records(h, wanted)
	}
	for id := range n.commands {
		if c := h.Commands[id]; c != nil && c.Call != nil {
			n.devices[c.Call.Device] = true
		}
	}
	return n
}

func (n named) command(id, anchor string) {
	if _, known := n.commands[id]; !known && id != "" {
		n.commands[id] = anchor
	}
}

// records notes what records are about.
func (n named) records(h *history.History, wanted map[reference]string) {
	for _, r := range h.Records {
		stamp := r.Stamped()
		anchor, ok := wanted[reference{stamp.Recorder, stamp.Number}]
		if !ok {
			continue
		}
		switch r := r.(type) {
		case *history.Call:
			n.command(r.Command, anchor)
		case *history.Answer:
			n.command(r.Command, anchor)
		case *history.Action:
			n.command(r.Command, anchor)
			n.devices[r.Device] = true
		case *history.Read:
			n.devices[r.Device] = true
		case *history.Stored:
			n.devices[r.Device] = true
		case *history.Delivered:
			n.devices[r.Device] = true
		case *history.Session:
			n.devices[r.Device] = true
		}
	}
	delete(n.devices, "")
}

// each visits all violations. Their anchors count from 1.
func each(results []check.Result, visit func(anchor string, c check.Result, v check.Violation)) {
	i := 0
	for _, c := range results {
		for _, v := range c.Violations {
			i++
			visit("v"+strconv.Itoa(i), c, v)
		}
	}
}
