package main

import (
	"fmt"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/nodes/console"
)

// discoverFace tells on the error output how a search goes: on a terminal in a last line that changes, elsewhere now and then
// in a line of its own. What is found has a line of its own everywhere.
type discoverFace struct{ *chaosFace }

func newDiscoverFace(d *discovery) discoverFace {
	f := &chaosFace{screen: func() console.Screen { return d.look.screenOf(d.program, d.Err) }, none: d.look.progress == "none"}
	f.live = d.look.progress == "auto" && f.screen().Terminal && d.Getenv("TERM") != "dumb"
	return discoverFace{f}
}

// tell tells how far a search is; one call at a time.
func (f discoverFace) tell(p discover.Progress) {
	if p.News != "" {
		f.Say("found " + p.News)
	}
	f.Status(extent(p))
}

// close leaves the terminal as it was, and tells how far the search came.
func (f discoverFace) close(p discover.Progress) {
	f.end()
	if p.Done > 0 {
		f.Say(extent(p))
	}
}

// extent is how far a search is.
func extent(p discover.Progress) string {
	if p.Total > 0 {
		return fmt.Sprintf("%d of %d %s asked  %d found", p.Done, p.Total, p.Unit, p.Found)
	}
	return fmt.Sprintf("%d %s  %d found", p.Done, p.Unit, p.Found)
}
