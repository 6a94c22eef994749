package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Config says what is looked at.
type Config struct {
	// Fleet is its name; default cluster.DefaultFleet.
	Fleet string
	// Connect dials the hub. Its error is a finding.
	Connect func(context.Context) (cluster.Link, error)
	// Folder is where this machine keeps, or is to keep, a hub's or a gateway's data; empty: no disk
	// is looked at.
	Folder string
	// Version of this program, to compare with those of the gateways; empty: they are compared among themselves.
	Version string
	// Schema is what the streams are to be; the zero value is right where none was given to gateways either.
	Schema cluster.Schema
}

// check is one thing that is looked at.
type check struct {
	name string
	look func(context.Context, *examination) Finding
	// local is whether it needs no hub.
	local bool
}

// checks are all, in the order in which they are done and told.
var checks = []check{
	{name: "hub version", look: hubVersion},
	{name: "max_payload", look: maxPayload},
	{name: "exposure", look: exposure},
	{name: "streams", look: streams},
	{name: "direct gets", look: directGets},
	{name: "replicas", look: replicas},
	{name: "link", look: link},
	{name: "writes", look: writes},
	{name: "sync", look: synced}, // knows by then how long writes take
	{name: "gateways", look: gateways},
	{name: "versions", look: versions},
	{name: "clocks", look: clocks},
	{name: "spools", look: spools},
	{name: "devices", look: devices},
	{name: "placement", look: placement},
	{name: "commands", look: commands},
	{name: "permissions", look: permissions},
	{name: "disk", look: disk, local: true},
}

// examination is one run, and what it has learned.
type examination struct {
	Config
	link   cluster.Link
	nc     *nats.Conn // of the link, for streams
	names  cluster.Subjects
	client *cluster.Client
	hub    cluster.HubInspection

	streams func(context.Context) ([]cluster.StreamInspection, error)
	members func(context.Context) ([]cluster.GatewayView, error)
	served  func(context.Context) ([]device, error)

	trip, write quantiles // zero: not measured
	refused     refusals
}

// Examine looks at everything until ctx ends, and tells each finding as it comes. The error says that the fleet's
// name is none; all else is a finding.
func Examine(ctx context.Context, cfg Config, tell func(Finding)) error {
	cfg.Fleet = cmp.Or(cfg.Fleet, cluster.DefaultFleet)
	names, err := cluster.SubjectsOf(cfg.Fleet)
	if err != nil {
		return err
	}
	e := &examination{Config: cfg, names: names}
	tell(e.connect(ctx))
	defer e.link.Close()
	for _, c := range checks {
		tell(e.one(ctx, c))
	}
	return nil
}

// one does one check.
func (e *examination) one(ctx context.Context, c check) Finding {
	f := Finding{State: Unknown}
	switch {
	case !c.local && e.nc == nil:
		f.Seen = "the hub is away"
	case !c.local && ctx.Err() != nil:
		f.Seen, f.Mend = "there was no time left to look", "give it more with --timeout"
	default:
		f = c.look(ctx, e)
	}
	f.Check = c.name
	return f
}

// connect reaches the hub.
func (e *examination) connect(ctx context.Context) Finding {
	f := Finding{Check: "hub"}
	to, err := e.Connect(ctx)
	if err == nil {
		e.link, e.nc = to, to.Data
		e.client, err = cluster.NewClientOver(to, e.Fleet)
	}
	if err == nil {
		e.hub, err = cluster.InspectHub(to.Data)
	}
	if err != nil {
		e.link.Close()
		e.link, e.nc = cluster.Link{}, nil
		f.State, f.Seen = Unsafe, err.Error()
		f.Mend = "start it with roost hub, or say where it is with --hub"
		if errors.Is(err, roostv1.ErrPermission) { // it is there, and what is wrong the error says
			f.Mend = "use credentials and an address that fit the hub: see them with roost hub users there"
		}
		return f
	}
	e.nc.SetErrorHandler(e.refused.note)
	e.streams = once(e, func(ctx context.Context) ([]cluster.StreamInspection, error) {
		return e.Schema.Inspect(ctx, to.Data, e.names)
	})
	e.members = once(e, asked(e, e.client.Gateways))
	e.served = once(e, asked(e, e.client.Devices))
	f.Seen = fmt.Sprintf("%s at %s", e.hub.Name, e.hub.Where)
	return f
}

// asking is how long one question to the hub and its gateways may take.
const asking = 5 * time.Second

// once asks once, for all checks that want to know.
func once[T any](e *examination, ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	var asked sync.Once
	var answer T
	var err error
	return func(ctx context.Context) (T, error) {
		asked.Do(func() {
			ctx, cancel := bounded(ctx, asking)
			defer cancel()
			err = e.unlessRefused(ctx, func(ctx context.Context) error {
				answer, err = ask(ctx)
				return err
			})
		})
		return answer, err
	}
}

// asked is a question to gateways, which not every credential may put.
func asked[T any](e *examination, ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (none T, err error) {
		if err := e.mute(); err != nil {
			return none, err
		}
		return ask(ctx)
	}
}

// unknown is a finding about what could not be found out.
func unknown(why error) Finding { return Finding{State: Unknown, Seen: why.Error()} }

func ok(format string, args ...any) Finding {
	return Finding{State: OK, Seen: fmt.Sprintf(format, args...)}
}

// bounded leaves some of the time for the other checks.
func bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline)/3)
	}
	return context.WithTimeout(ctx, most)
}
