package failpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Point is a place in a gateway's work.
type Point struct {
	Name, About string
	// Panics: a panic there is of a device's actor, or of its driver, and not of the process.
	Panics bool
}

// Points of a command's way, in their order.
const (
	CommandDequeued     = "cmd.after-dequeue"
	CommandBeforeIntent = "cmd.before-intent"
	CommandAfterIntent  = "cmd.after-intent"
	CheckAndDrive       = "lease.between-check-and-drive"
	DriverWrite         = "driver.before-write"
	CommandAfterWrite   = "cmd.after-write"
	CommandBeforeResult = "cmd.before-result"
	CommandAfterResult  = "cmd.after-result"
)

// Points of devices.
const (
	ActorBeforeHandle = "actor.before-handle"
	DriverCall        = "driver.call"
)

// Points returns all points.
func Points() []Point {
	return []Point{
		{Name: CommandDequeued, About: "a command has left the queue of its device, and waits for the bus"},
		{Name: CommandBeforeIntent, About: "it may be sent now, and nothing is recorded"},
		{Name: CommandAfterIntent, About: "DISPATCHED is durable, and no byte was sent"},
		{Name: CheckAndDrive, About: "lease and deadline were looked at once more, and the driver is about to act"},
		{Name: DriverWrite, About: "the driver has looked for the last time, and no byte was sent; of no device in particular"},
		{Name: CommandAfterWrite, About: "the driver has returned, and nobody knows yet"},
		{Name: CommandBeforeResult, About: "a command's end is known here, and not recorded"},
		{Name: CommandAfterResult, About: "its end is durable, and nobody was told"},
		{Name: ActorBeforeHandle, About: "the actor of a device is about to handle a message", Panics: true},
		{Name: DriverCall, About: "a driver is about to be used", Panics: true},
		{Name: "super.before-restart", About: "the actor of a device is about to be started again"},
		{Name: "reading.after-device-recv", About: "samples have come from a device, and are stored nowhere"},
		{Name: "reading.before-spool", About: "a batch of readings is about to be stored"},
		{Name: "reading.after-spool-before-ack-device", About: "it is stored, and its device was not told"},
		{Name: "reading.before-pub", About: "a stored batch is about to be sent to the hub"},
		{Name: "reading.after-puback-before-spool-trim", About: "the hub has it, and the spool has it too"},
		{Name: "lease.after-read-before-cas", About: "the lease is about to be renewed"},
		{Name: "lease.after-acquire-before-activate", About: "a bus is this gateway's, and its devices are not opened"},
		{Name: "snapshot.before-sync", About: "the stored registry is in its place, and its folder is not synced"},
	}
}

// Find returns a point.
func Find(name string) (Point, error) {
	var names []string
	for _, p := range Points() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return Point{}, fmt.Errorf("there is no failpoint %q: there are %s", name, strings.Join(names, ", "))
}
