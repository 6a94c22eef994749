package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	edgeFolderPerm = 0o700
	edgeFilePerm   = 0o600
)

// Edge is what a gateway stores to run without the hub: the part of the registry about the devices that only it can
// reach, and the commands that it took for them while the hub was away.
//
//	<folder>/registry                  a RegistrySnapshot, replaced as the registry changes
//	<folder>/commands/<device>.<id>    a LocalCommand, until the hub has its record
//
// Each file is replaced as a whole and synced, with its folder, before anybody is told. One that is damaged is not
// used, and told of. Whoever opens an Edge has the folder for himself: see package nodes/gateway, which locks it.
//
// An Edge is given to one Gateway, which runs it. Its methods may be called concurrently.
type Edge struct {
	folder, fleet, gateway string
	kept                   *roostv1.RegistrySnapshot // as it was when it was opened; nil: there was none
	flaws                  []error                   // of files that cannot be used
	revision               atomic.Uint64             // of the registry that is stored

	// Set when it is given to a gateway.
	boot   string
	clock  boottime.Clock
	time   *serviceClock
	stored func(key string, record *roostv1.CommandRecord)

	wake    chan struct{} // holds a token when jobs is not empty
	changed chan struct{} // holds a token when there may be something to merge

	mu       sync.Mutex
	commands map[string]*localCommand // by key
	jobs     []*localJob
	settled  map[string]settled // of the hub's that were carried out here, by key
	ended    bool
	order    uint64 // of the last command that was taken
}

// OpenEdge opens what the gateway stores in a folder, and makes that if it is missing. The error says that the
// folder cannot be used; a file that cannot is left out, and told of as an event when the gateway runs.
func OpenEdge(folder, fleet, gateway string) (*Edge, error) {
	if err := roostv1.CheckID("gateway id", gateway); err != nil {
		return nil, err
	}
	e := &Edge{
		folder: folder, fleet: fleet, gateway: gateway, commands: map[string]*localCommand{}, settled: map[string]settled{},
		wake: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
	if err := os.MkdirAll(e.commandFolder(), edgeFolderPerm); err != nil {
		return nil, fmt.Errorf("make the folder for what gateway %s needs without the hub: %w", gateway, err)
	}
	if err := e.readRegistry(); err != nil {
		e.flaws = append(e.flaws, err)
	}
	if err := e.readCommands(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Edge) registryFile() string  { return filepath.Join(e.folder, "registry") }
func (e *Edge) commandFolder() string { return filepath.Join(e.folder, "commands") }

// readRegistry reads the stored registry. The error says why there is one that cannot be used.
func (e *Edge) readRegistry() error {
	s := &roostv1.RegistrySnapshot{}
	switch err := readSealed(e.registryFile(), s); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the stored registry cannot be used: %w", err)
	case s.Fleet != e.fleet:
		return roostv1.Errorf(roostv1.ErrConflict, "the stored registry is that of fleet %.80q, and not of %q: it is not used", s.Fleet, e.fleet)
	case s.GatewayId != e.gateway:
		return roostv1.Errorf(roostv1.ErrConflict, "the stored registry is that of gateway %.80q, and not of %q: it is not used", s.GatewayId, e.gateway)
	}
	e.kept = s
	e.revision.Store(s.Revision)
	return nil
}

// begin gives the edge to a gateway.
func (e *Edge) begin(g *Gateway) {
	e.boot = g.config.BootID
	if e.boot == "" { // nothing tells boots apart: only this process knows its own
		e.boot = newIncarnation()
	}
	e.clock, e.time, e.stored = g.clock, g.service, g.waits.tellNow
}
