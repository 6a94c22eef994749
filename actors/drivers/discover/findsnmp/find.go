package findsnmp

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Port is where agents listen, mostly.
const Port = 161

// Config says where to look, and how.
type Config struct {
	Reach discover.Reach
	Port  uint16
	// Keys are those of an address of the driver, without the agent: version, community, user, reply and so on.
	Keys map[string]string
	// Rows is how many rows of a table become resources, at most.
	Rows int
	discover.Pace
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

// Agent is an agent that has answered.
type Agent struct {
	// Address is that of the driver.
	Address map[string]string
	// What it says of itself; as it came.
	Descr, ObjectID, Name, Location string
	// Resources are what it has, and Left how many rows of tables were left out.
	Resources []*roostv1.Resource
	Left      int

	at netip.Addr
}

// Find asks all addresses, until ctx ends, and returns the agents that have answered by then, in the order of their addresses, and how far it came. The
// error says why nothing could be asked: keys that are wrong, secrets that are not there.
func Find(ctx context.Context, c Config) ([]Agent, discover.Progress, error) {
	s := search{Config: c, tally: discover.NewTally(c.Reach.Len(), "addresses", c.Tell)}
	p, err := snmp.NewProbe(s.address(netip.IPv6Loopback())) // to judge what is the same for all
	if err != nil {
		return nil, s.tally.Progress(), err
	}
	p.Close()
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

// host asks one address.
func (s *search) host(ctx context.Context, at netip.Addr) {
	agent := Agent{Address: s.address(at), at: at}
	p, err := snmp.NewProbe(agent.Address)
	if err != nil {
		return
	}
	defer p.Close()
	says, err := p.Get(ctx, sysDescr, sysObjectID, sysName, sysLocation)
	if err == nil {
		agent.Descr, agent.ObjectID = textOf(says[sysDescr]), textOf(says[sysObjectID])
		agent.Name, agent.Location = textOf(says[sysName]), textOf(says[sysLocation])
		l := look{Probe: p, rows: s.Rows, agent: &agent}
		l.all(ctx)
		s.add(agent)
	}
	if ctx.Err() == nil {
		s.tally.Step(1)
	}
}

func textOf(v *roostv1.Value) string {
	if t, ok := v.GetKind().(*roostv1.Value_String_); ok {
		return t.String_
	}
	return ""
}

func (s *search) add(a Agent) {
	s.mu.Lock()
	s.found = append(s.found, a)
	s.mu.Unlock()
	s.tally.Found(a.String())
}

// String says what was found, in one line.
func (a Agent) String() string {
	text := a.Address["agent"] + ": " + discover.Line(a.Name) + ", " + discover.Line(a.Descr)
	return text + ", " + strconv.Itoa(len(a.Resources)) + " resources"
}
