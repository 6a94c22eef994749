package cluster

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// membership is this gateway's record among the members. One goroutine uses it.
type membership struct {
	names    Subjects
	out      *casWriter
	record   *roostv1.Member // without state and nonce
	sequence uint64          // of the last record that was written; 0: none yet
}

// join writes that the gateway is live, whatever was written about it before: an earlier
// run of it that has not left is over.
func (m *membership) join(ctx context.Context) error {
	subject := m.names.Member(m.record.GatewayId)
	for try := 1; ; try++ {
		sequence, _, err := m.out.read(ctx, subject)
		if err == nil {
			m.sequence = sequence
			err = m.write(ctx, roostv1.MemberState_MEMBER_STATE_LIVE)
		}
		if !errors.Is(err, roostv1.ErrConflict) || try == casTries || !jitter(ctx, try) {
			return err
		}
	}
}

// drain writes that the gateway takes no more buses.
func (m *membership) drain(ctx context.Context) error {
	return m.write(ctx, roostv1.MemberState_MEMBER_STATE_DRAINING)
}

// leave writes that the gateway left in order.
func (m *membership) leave(ctx context.Context) error {
	return m.write(ctx, roostv1.MemberState_MEMBER_STATE_LEFT)
}

func (m *membership) write(ctx context.Context, state roostv1.MemberState) error {
	record := proto.CloneOf(m.record)
	record.State, record.Nonce = state, newNonce()
	w := recordWrite(m.names.Member(record.GatewayId), m.sequence, record)
	w.forever = true
	m.out.one(ctx, w)
	if w.err != nil {
		return fmt.Errorf("record that gateway %s is %s: %w", record.GatewayId, state.Word(), w.err)
	}
	m.sequence = w.sequence
	return nil
}

// superseded returns an error if another process has joined under this gateway's id.
func (m *membership) superseded(now *roostv1.Member) error {
	if now == nil || now.Incarnation == m.record.Incarnation {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrConflict, "gateway %s was started once more, on host %s as process %d: this one ends",
		m.record.GatewayId, now.Host, now.Pid)
}
