package main

import (
	"fmt"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// stream writes readings as they come.
type stream struct {
	log   *console.Log
	begun bool
	left  int          // readings that are still wanted; 0 from the start: all
	none  func() error // what is done if there are no readings
}

func (s *stream) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	return s.log.Head()
}

func (s *stream) batch(b *roostv1.ReadingBatch) (bool, error) {
	if err := s.begin(); err != nil {
		return false, err
	}
	for _, e := range s.log.Entries(b) {
		if err := s.log.Write(e); err != nil {
			return false, err
		}
		if e.Note != "" || s.left == 0 {
			continue
		}
		if s.left--; s.left == 0 {
			return false, nil
		}
	}
	return true, nil
}

func (s *stream) gap(g *cluster.Gap) error {
	if err := s.begin(); err != nil {
		return err
	}
	return s.log.Write(console.Missing(g))
}

func (s *stream) end() error {
	if s.begun {
		return nil
	}
	return s.none()
}

// page writes the last readings, and plots of all, when it has them.
type page struct {
	log     *console.Log
	screen  console.Screen
	most    int // readings that are written
	entries []console.Entry
	kept    int // readings among the entries
	left    int // readings that were not kept
	plots   *plots
	none    func() error
}

func (p *page) batch(b *roostv1.ReadingBatch) (bool, error) {
	p.plots.add(b)
	for _, e := range p.log.Entries(b) {
		p.add(e)
	}
	return true, nil
}

func (p *page) gap(g *cluster.Gap) error {
	p.plots.interrupt()
	p.add(console.Missing(g))
	return nil
}

// add keeps an entry, and lets go of the oldest reading if there are too many. Notes before it go
// with it.
func (p *page) add(e console.Entry) {
	p.entries = append(p.entries, e)
	if e.Note == "" {
		p.kept++
	}
	for p.most > 0 && p.kept > p.most {
		if p.entries[0].Note == "" {
			p.kept--
			p.left++
		}
		p.entries = p.entries[1:]
	}
}

func (p *page) end() error {
	if p.kept == 0 && len(p.entries) == 0 {
		return p.none()
	}
	if p.left > 0 && p.screen.Terminal {
		if _, err := fmt.Fprintln(p.screen, p.screen.Paint(console.Faint, fmt.Sprintf("-- %d readings before these are not shown; --limit 0 shows them", p.left))); err != nil {
			return err
		}
	}
	if err := p.log.Head(); err != nil {
		return err
	}
	for _, e := range p.entries {
		if err := p.log.Write(e); err != nil {
			return err
		}
	}
	return p.plots.write(p.screen)
}
