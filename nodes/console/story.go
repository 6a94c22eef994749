package console

import (
	"fmt"
	"strings"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Story writes why a device is where it is.
func Story(s Screen, story *roostv1.Story, now time.Time) error {
	if _, err := fmt.Fprintf(s, "%s\n\n", s.Paint(Strong, Clean(headline(story, now)))); err != nil {
		return err
	}
	if err := Pairs(s, storyFacts(story, now)...); err != nil {
		return err
	}
	for _, t := range []*Table{details(story.Status), candidates(story), takeovers(story, now), troubles(story, now)} {
		if t.Len() == 0 {
			continue
		}
		if err := section(s, t); err != nil {
			return err
		}
	}
	return nil
}

// headline tells the whole in one sentence.
func headline(story *roostv1.Story, now time.Time) string {
	device, owner := story.DeviceId, story.Owner
	c := candidateOf(story, owner)
	switch {
	case story.Status.GetState() == roostv1.DeviceState_DEVICE_STATE_RETIRED:
		return "nobody serves " + device + ": it was retired"
	case owner == "":
		return fmt.Sprintf("nobody serves %s: %s", device, unowned(story))
	case !c.GetAnswers():
		return fmt.Sprintf("it is not certain that anybody serves %s: its owner %s does not answer", device, owner)
	case c.Suspended && story.Attached:
		return fmt.Sprintf("%s serves %s, and goes on without a lease: nobody else can reach it", owner, device)
	case c.Suspended:
		return fmt.Sprintf("%s serves %s, but is suspended: it may not act until it hears of the hub", owner, device)
	}
	if n := len(story.Takeovers); n > 0 && story.Takeovers[n-1].Epoch == story.Epoch {
		return fmt.Sprintf("%s serves %s: %s, %s", owner, device, deed(story.Takeovers, n-1), Ago(story.Takeovers[n-1].At, now))
	}
	return fmt.Sprintf("%s serves %s", owner, device)
}

// unowned says why a bus is nobody's.
func unowned(story *roostv1.Story) string {
	switch {
	case len(story.Candidates) == 0:
		return "no gateway has joined"
	case !story.Candidates[0].Eligible:
		return "no gateway can own its bus"
	default:
		return fmt.Sprintf("its bus is nobody's at present, and %s is to claim it", story.Candidates[0].GatewayId)
	}
}

func candidateOf(story *roostv1.Story, gateway string) *roostv1.Candidate {
	for _, c := range story.Candidates {
		if c.GatewayId == gateway {
			return c
		}
	}
	return nil
}

func storyFacts(story *roostv1.Story, now time.Time) []Pair {
	d := story.Status
	owner := Cell{"nobody", Bad}
	if story.Owner != "" {
		owner = Cell{fmt.Sprintf("%s, epoch %d", story.Owner, story.Epoch), Plain}
	}
	pairs := []Pair{
		{"device", Cell{story.DeviceId, Strong}},
		{"state", State(d)},
		{"bus", Cell{sharing(story), Plain}},
		{"owner", owner},
		{"lease", ownerLease(story)},
	}
	if story.Attached {
		pairs = append(pairs, Pair{"attached", Cell{"only one gateway can reach it: it needs no lease, and nobody else can serve it", Plain}})
	}
	if story.RegistryRevision > 0 {
		pairs = append(pairs, Pair{"registry", Cell{fmt.Sprintf("the one stored at revision %d: the hub was away when %s started", story.RegistryRevision, story.Owner), Plain}})
	}
	if d.GetRestarts() > 0 {
		pairs = append(pairs, Pair{"restarts", Restarts(d)})
	}
	return append(pairs, Pair{"last error", lastFailure(d, now)})
}

// sharing says what a bus is, and what is on it besides the device.
func sharing(story *roostv1.Story) string {
	var others []string
	for _, id := range story.BusDevices {
		if id != story.DeviceId {
			others = append(others, id)
		}
	}
	const most = 8
	switch n := len(others); {
	case n == 0:
		return story.Bus + ", with nothing else on it"
	case n > most:
		return fmt.Sprintf("%s, shared with %s and %d more", story.Bus, strings.Join(others[:most], ", "), n-most)
	default:
		return fmt.Sprintf("%s, shared with %s", story.Bus, strings.Join(others, ", "))
	}
}

func ownerLease(story *roostv1.Story) Cell {
	switch c := candidateOf(story, story.Owner); {
	case story.Owner == "":
		return Cell{}
	case !c.GetAnswers():
		text := "not known: the owner does not answer"
		if next := heir(story); next != "" {
			text += "; when it has run out, " + next + " takes over"
		}
		return Cell{text, Doubt}
	case c.Suspended:
		return Cell{"suspended", Bad}
	default:
		return Cell{"held", Good}
	}
}

// heir returns who comes after the owner; empty: nobody could.
func heir(story *roostv1.Story) string {
	for _, c := range story.Candidates {
		if c.Eligible && c.GatewayId != story.Owner {
			return c.GatewayId
		}
	}
	return ""
}
