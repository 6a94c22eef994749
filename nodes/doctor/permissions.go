package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
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
	f := ok("%s", list("may ", may)+list("may not ", not)+list("could not be found out: ", open))
	f.Seen = strings.TrimSuffix(f.Seen, "; ")
	if !reads && err == nil {
		f.State, f.Mend = Warning, "use a credential that may read: roost hub enrol viewer NAME"
	}
	if len(open) > 0 {
		f.State = max(f.State, Unknown)
	}
	return f
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
