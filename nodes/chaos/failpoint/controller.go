package failpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Controller knows what is to happen at the points of a process, and does it.
type Controller struct {
	Wall *Wall

	mu     sync.Mutex
	passed map[string]uint64
	armed  map[string]*armed
}

// armed is an Arm that waits, or has happened.
type armed struct {
	Arm
	seen, fired, held uint64
	released          chan struct{} // closed when it is disarmed
}

// Status is what became of an Arm.
type Status struct {
	Arm
	// Seen are the passings since it was armed, Fired those at which it happened, and Held how many hang or
	// sleep there at present.
	Seen  uint64 `json:"seen"`
	Fired uint64 `json:"fired"`
	Held  uint64 `json:"held"`
}

// NewController makes a controller at which nothing is armed.
func NewController() *Controller {
	return &Controller{Wall: NewWall(0), passed: map[string]uint64{}, armed: map[string]*armed{}}
}

// Panicked is what a point panics with.
type Panicked struct{ Point string }

func (p Panicked) Error() string { return "failpoint " + p.Point + " was armed to panic" }

// Arm has something happen at a point.
func (c *Controller) Arm(a Arm) error {
	if err := a.check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(a.ID)
	c.armed[a.ID] = &armed{Arm: a, released: make(chan struct{})}
	return nil
}

// Disarm ends what was armed, and lets go on what hangs or sleeps there. What is not armed is an error; an empty
// id is all of them, and never one.
func (c *Controller) Disarm(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == "" {
		for id := range c.armed {
			c.dropLocked(id)
		}
		return nil
	}
	if c.armed[id] == nil {
		return fmt.Errorf("disarm %s: nothing of that id is armed", id)
	}
	c.dropLocked(id)
	return nil
}

func (c *Controller) dropLocked(id string) {
	if a := c.armed[id]; a != nil {
		close(a.released)
		delete(c.armed, id)
	}
}

// Hit is called where a point is passed; device is the one that it is passed for, empty for none. It returns when who
// passes may go on, if ever.
func (c *Controller) Hit(point, device string) {
	for _, a := range c.pass(point, device) {
		c.act(a)
	}
}

// pass counts a passing, and returns what is to happen at it.
func (c *Controller) pass(point, device string) []*armed {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed[point]++
	var due []*armed
	for _, a := range c.armed {
		if a.Point != point || a.Device != "" && a.Device != device {
			continue
		}
		a.seen++
		if a.due(a.seen) {
			a.fired++
			due = append(due, a)
		}
	}
	return due
}

func (c *Controller) act(a *armed) {
	switch a.Do {
	case Kill:
		killSelf()
	case Stop:
		stopSelf()
	case Panic:
		panic(Panicked{Point: a.Point})
	case Hang:
		c.hold(a, nil)
	case Sleep:
		timer := time.NewTimer(time.Duration(a.For))
		defer timer.Stop()
		c.hold(a, timer.C)
	}
}

func (c *Controller) hold(a *armed, over <-chan time.Time) {
	c.held(a, 1)
	defer c.held(a, ^uint64(0))
	select {
	case <-a.released:
	case <-over:
	}
}

func (c *Controller) held(a *armed, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.held += n
}

// Passed returns how often each point was passed, but for those that never were.
func (c *Controller) Passed() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.passed)
}

// Armed returns what is armed, by id.
func (c *Controller) Armed() []Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Status
	for _, a := range c.armed {
		all = append(all, Status{Arm: a.Arm, Seen: a.seen, Fired: a.fired, Held: a.held})
	}
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.ID, b.ID) })
	return all
}
