package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Asked follows the renewals that gateways ask for, as each hub routes them, stored or not. In the control stream they replace
// each other, so while the hub has no leader for whom the Watcher could read, some are never seen there.
type Asked struct {
	// Conns has a connection to each hub, that stays with that hub.
	Conns   []*nats.Conn
	Names   cluster.Subjects
	History *history.Writer
}

// Run follows until ctx ends; the error is that of the history or of a subscription.
func (a *Asked) Run(ctx context.Context) error {
	wrong := make(chan error, 1) // the first is enough
	for _, nc := range a.Conns {
		sub, err := nc.Subscribe(a.Names.Member("*"), func(m *nats.Msg) {
			if err := a.take(m); err != nil {
				select {
				case wrong <- err:
				default:
				}
			}
		})
		if err != nil {
			return fmt.Errorf("listen to renewals: %w", err)
		}
		defer func() { _ = sub.Unsubscribe() }() // fails if the connection has ended
	}
	select {
	case err := <-wrong:
		return err
	case <-ctx.Done():
		return nil
	}
}

// take notes a renewal. What somebody else writes there is none.
func (a *Asked) take(m *nats.Msg) error {
	var member roostv1.Member
	if _, err := roostv1.Unmarshal(m.Data, &member); err != nil {
		return nil
	}
	previous, _ := strconv.ParseUint(m.Header.Get(jetstream.ExpectedLastSubjSeqHeader), 10, 64) // none: 0
	return a.History.Write(&history.Lease{
		Peer: history.Peer{Gateway: member.GatewayId, Incarnation: member.Incarnation}, Asked: true,
		State: history.LeaseState(strings.ToLower(member.State.Word())), Previous: previous,
	})
}
