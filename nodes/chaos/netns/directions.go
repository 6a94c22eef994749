package netns

import "fmt"

// Directions are some of the two of a way.
type Directions uint8

// Up is from the gateway.
const (
	Up Directions = 1 << iota
	Down
	Both = Up | Down
)

// Passed is how many of some probes came through.
type Passed struct{ Sent, Up, Down int }

// Only reports whether probes came through in all directions but these.
func (p Passed) Only(cut Directions) bool {
	return (p.Up == 0) == (cut&Up != 0) && (p.Down == 0) == (cut&Down != 0)
}

// String tells it for people.
func (p Passed) String() string {
	return fmt.Sprintf("of %d probes %d came through up and %d down", p.Sent, p.Up, p.Down)
}
