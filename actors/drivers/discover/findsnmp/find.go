package findsnmp

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/snmp"
)

// Port is where agents listen, mostly.
const Port = 161

// Config says where to look, and how.
type Config struct {
	Reach discover.Reach
	Port  uint16
	// Keys are those of an address of the driver, without the agent: version, community, user, reply and so on.
	Keys map[string]string
	discover.Pace
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

// Agent is an agent that has answered.
type Agent struct {
	// Address is that of the driver.
	Address map[string]string
	// Found is what it tells of itself; as it came.
	Found snmp.Found
	// Partly tells that it stopped answering, or that there was no more time for it.
	Partly bool

	at netip.Addr
}

// Find asks all addresses, until ctx ends, and returns the agents that have answered by then, in the order of their addresses, and how far it came. The
// error says why nothing could be asked: keys that are wrong, secrets that are not there.
func Find(ctx context.Context, c Config) ([]Agent, discover.Progress, error) {
	s := search{Config: c, tally: discover.NewTally(c.Reach.Len(), "addresses", c.Tell)}
	if err := s.judge(); err != nil {
		return nil, s.tally.Progress(), err
	}
	discover.Sweep(ctx, c.Pace, c.Reach.All(), s.host)
	slices.SortFunc(s.found, func(a, b Agent) int { return a.at.Compare(b.at) })
	return s.found, s.tally.Progress(), nil
}

// search is one run of Find.
type search struct {
	Config
	tally *discover.Tally
	mu    sync.Mutex // guards found
	found []Agent
}

// address is that of an agent.
func (s *search) address(at netip.Addr) map[string]string {
	to := at.String()
	if s.Port != Port {
		to = netip.AddrPortFrom(at, s.Port).String()
	}
	keys := map[string]string{"agent": to}
	for k, v := range s.Keys {
		keys[k] = v
	}
	return keys
}

// judge looks at what is the same for all, before anybody is asked: the keys, and whether the secrets are there.
func (s *search) judge() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := snmp.Look(ended, s.address(netip.IPv6Loopback()))
	if errors.Is(err, actors.ErrNotSent) { // all was well until then
		return nil
	}
	return err
}

// host asks one address.
func (s *search) host(ctx context.Context, at netip.Addr) {
	agent := Agent{Address: s.address(at), at: at}
	var err error
	agent.Found, err = snmp.Look(ctx, agent.Address)
	agent.Partly = err != nil
	if err == nil || agent.Found.Description != "" || agent.Found.ObjectID != "" {
		s.add(agent)
	}
	if ctx.Err() == nil {
		s.tally.Step(1)
	}
}

func (s *search) add(a Agent) {
	s.mu.Lock()
	s.found = append(s.found, a)
	s.mu.Unlock()
	s.tally.Found(a.String())
}

// String says what was found, in one line.
func (a Agent) String() string {
	text := a.Address["agent"] + ": " + discover.Line(a.Found.Name) + ", " + discover.Line(a.Found.Description)
	return text + ", " + strconv.Itoa(len(a.Found.Candidates)) + " resources"
}
