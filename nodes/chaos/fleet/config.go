package fleet

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// Config says what fleet there is to be. Folder is needed.
type Config struct {
	plan.Settings
	// Folder keeps the data and logs of all nodes. It is made if missing, and must be empty.
	Folder string
	// Run is the name of the run, which is in the environment of each child.
	Run string
	// Seed of the hardware, and of what proxies leave to chance.
	Seed uint64
	// Program is what to start, with arguments that come first; default this program.
	Program []string
	// Env is added to what children have of this process's environment.
	Env []string
	// GatewayDisks and HubDisks: each of these has its data on a disk of its own, which can be broken. See disk.Missing.
	GatewayDisks, HubDisks bool
	// GatewayMemory: without GatewayDisks, each gateway has its data on a small disk in memory, which can be filled, and is
	// gone with this process. See disk.MemoryMissing.
	GatewayMemory bool
	// Claim is told what of this machine is about to be taken, and nothing is taken if it fails; nil: nobody is told.
	Claim func([]Claim) error
	// Controls is a folder to be made for the sockets of gateways that are built with failpoints, and removed again. Its
	// path has to be short; empty: there are none.
	Controls string
	// Connected is called when hubs and hardware run and the devices are registered, before gateways are started; nil:
	// nothing is.
	Connected func(context.Context) error
	// Tap looks at what passes between gateways and hubs, one for each connection; nil: nobody does.
	Tap func() proxy.Tap
	// Note is told what becomes of processes, also concurrently; nil: nobody is.
	Note func(Change)
}

func (c Config) withDefaults() (Config, error) {
	if c.Folder == "" {
		return c, errors.New("the fleet has no folder")
	}
	if len(c.Program) == 0 {
		self, err := os.Executable()
		if err != nil {
			return c, err
		}
		c.Program = []string{self}
	}
	if c.Claim == nil {
		c.Claim = func([]Claim) error { return nil }
	}
	if c.Connected == nil {
		c.Connected = func(context.Context) error { return nil }
	}
	if c.Note == nil {
		c.Note = func(Change) {}
	}
	return c, nil
}

// environment is that of a child: what this user has set for Roost is not for a fleet of its own.
func (c Config) environment() []string {
	var env []string
	for _, e := range os.Environ() {
		// A test may have made itself the program by its environment.
		if !strings.HasPrefix(e, "ROOST_") || strings.HasPrefix(e, "ROOST_TEST_") {
			env = append(env, e)
		}
	}
	return append(append(env, EnvRun+"="+c.Run), c.Env...)
}
