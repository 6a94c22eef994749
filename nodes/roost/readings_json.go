package main

import (
	"fmt"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// jsonLines writes batches as they come.
type jsonLines struct {
	program
	left int // readings that are still wanted; 0 from the start: all
}

func (j *jsonLines) batch(b *roostv1.ReadingBatch) (bool, error) {
	if err := writeJSON(j.program, b); err != nil {
		return false, err
	}
	if j.left == 0 {
		return true, nil
	}
	j.left = max(j.left-len(b.Readings), 0)
	return j.left > 0, nil
}

func (j *jsonLines) gap(g *cluster.Gap) error {
	_, err := fmt.Fprintln(j.Err, "roost: "+g.Error())
	return err
}

func (*jsonLines) end() error { return nil }

// jsonLast keeps the last batches, which have at least so many readings together, and writes them in
// the end. A batch is never divided: its sequence numbers would be wrong.
type jsonLast struct {
	jsonLines
	most     int
	kept     []*roostv1.ReadingBatch
	readings int // in those that are kept
}

func (j *jsonLast) batch(b *roostv1.ReadingBatch) (bool, error) {
	j.kept = append(j.kept, b)
	j.readings += len(b.Readings)
	for j.readings-len(j.kept[0].Readings) >= j.most {
		j.readings -= len(j.kept[0].Readings)
		j.kept = j.kept[1:]
	}
	return true, nil
}

func (j *jsonLast) end() error { return writeJSON(j.program, j.kept...) }
