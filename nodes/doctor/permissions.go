package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
)

// never is a sequence that no record will have: a write that expects it is refused by the stream, and so shows
// without any harm that it came that far.
const never = "4611686018427387904"

// permissions tells what this credential may do, as far as that shows in questions that change nothing.
func permissions(ctx context.Context, e *examination) Finding {
	ctx, cancel := bounded(ctx, measuring)
	defer cancel()
	var may, not, open []string
	sort := func(what string, allowed bool, err error) {
		switch {
		case err != nil:
			open = append(open, what)
		case allowed:
			may = append(may, what)
		default:
			not = append(not, what)
		}
	}
	reads, err := e.mayRead(ctx)
	sort("read the fleet", reads, err)
	for _, w := range []struct{ what, subject string }{
		{"write the registry", e.names.Device("doctor")}, {"own buses", e.names.Owner("doctor")},
	} {
		allowed, err := e.mayWrite(ctx, w.subject)
		sort(w.what, allowed, err)
	}
	for _, a := range mayAsk {
		switch {
		case e.link.Role == "": // the hub knows no roles
		case slices.Contains(a.roles, e.link.Role):
			may = append(may, a.what)
		case e.link.Role == access.RoleLimited && a.what == sendCommands:
			may, not = append(may, a.what+" to the devices of its selector"), append(not, a.what+" to others")
		default:
			not = append(not, a.what)
		}
	}
	f := ok("%s", e.whose()+list("may ", may)+list("may not ", not)+list("could not be found out: ", open))
	f.Seen = strings.TrimSuffix(f.Seen, "; ")
	if !reads && err == nil {
		f.State, f.Mend = Warning, "use a credential that may read: roost hub enrol viewer NAME"
	}
	if len(open) > 0 {
		f.State = max(f.State, Unknown)
	}
	return f
}

const sendCommands = "send commands"

// mayAsk are what gateways are asked for over the other connection, and by whom. To try it would be to do it: so it is told
// by the role, which the hub holds the credential to.
var mayAsk = []struct {
	what  string
	roles []access.Role
}{
	{"ask gateways", []access.Role{access.RoleOperator, access.RoleLimited, access.RoleViewer}},
	{sendCommands, []access.Role{access.RoleOperator}},
	{"drain gateways and release devices", []access.Role{access.RoleOperator}},
	{"answer requests as a gateway", []access.Role{access.RoleGateway}},
}

// whose says whose credential it is; empty where the hub knows nobody.
func (e *examination) whose() string {
	if e.link.Role == "" {
		return ""
	}
	return fmt.Sprintf("%s is %s: ", e.link.Name, e.link.Role.Title())
}

// mute says why gateways cannot be asked with this credential, or nil: that they do not answer it says nothing of them.
func (e *examination) mute() error {
	if e.link.Role != access.RoleGateway && e.link.Role != access.RoleAdmin {
		return nil
	}
	return fmt.Errorf("not looked at: the credentials are those of %s, which asks no gateway anything; an operator's or a viewer's do", e.link.Role.Title())
}

func list(head string, items []string) string {
	if len(items) == 0 {
		return ""
	}
	return head + strings.Join(items, ", ") + "; "
}

// mayRead asks for the control stream. That there is none is an answer too.
func (e *examination) mayRead(ctx context.Context) (bool, error) {
	_, err := e.request(ctx, nats.NewMsg("$JS.API.STREAM.INFO."+e.names.ControlStream()))
	if e.isRefused(ctx, err) {
		return false, nil
	}
	return err == nil, err
}

// mayWrite sends a record that the stream is certain to refuse.
func (e *examination) mayWrite(ctx context.Context, subject string) (bool, error) {
	m := nats.NewMsg(subject)
	m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, never)
	_, err := e.store(ctx, m)
	if e.isRefused(ctx, err) {
		return false, nil
	}
	return err == nil, err
}

// isRefused reports whether nobody takes that from this credential. Where accounts are apart, what is not imported
// has nobody who answers; and so has everything where there is no stream yet.
func (e *examination) isRefused(ctx context.Context, err error) bool {
	if !errors.Is(err, nats.ErrNoResponders) {
		return errors.Is(err, errRefused)
	}
	all, err := e.streams(ctx)
	return err == nil && !slices.ContainsFunc(all, func(s cluster.StreamInspection) bool { return s.Info == nil && s.Err == nil })
}
