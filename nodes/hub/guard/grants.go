package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// grants are the records by which gateways know who has which role, in the control stream. The hub's permissions
// already say what a role may do; to which devices a limited one may send commands, only gateways can check.
type grants struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	names  cluster.Subjects
	roster uint64 // revision of the users file
}

// ErrOlder: another hub has told gateways of a later users file.
var ErrOlder = errors.New("the users file is older than that of another hub")

// follow makes the records say what the roster says. Those of names that are not in it are revoked. A record that a later
// roster has made stays: else a hub that was forgotten would let in again who was revoked at the others, and shut out
// whoever came since. The error is then ErrOlder.
func (g *grants) follow(ctx context.Context, r *Roster) error {
	g.roster = r.Revision
	var older error
	for _, want := range grantsOf(r) {
		if err := g.write(ctx, want); errors.Is(err, ErrOlder) {
			older = err
		} else if err != nil {
			return err
		}
	}
	info, err := g.stream.Info(ctx, jetstream.WithSubjectFilter(g.names.Access("*")))
	if err != nil {
		return fmt.Errorf("list what gateways know of users: %w", err)
	}
	for subject := range info.State.Subjects {
		if name := strings.TrimPrefix(subject, g.names.Access("")); r.Find(name) == nil {
			if err := g.write(ctx, &roostv1.Grant{Name: name, Revoked: true}); errors.Is(err, ErrOlder) {
				older = err
			} else if err != nil {
				return err
			}
		}
	}
	return older
}

// grantsOf are the records of a roster. An administrator has none: gateways take no requests of it.
func grantsOf(r *Roster) []*roostv1.Grant {
	var all []*roostv1.Grant
	for _, u := range r.Users {
		if u.Role != access.RoleAdmin {
			all = append(all, &roostv1.Grant{Name: u.Name, Role: string(u.Role), Selector: u.Selector, Revoked: !u.Active()})
		}
	}
	return all
}

// grantTries bounds how often another hub may be faster.
const grantTries = 5

// write has a record say what is wanted; one that does is left as it is.
func (g *grants) write(ctx context.Context, want *roostv1.Grant) error {
	var err error
	for range grantTries {
		if err = g.try(ctx, want); !wrongSequence(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("tell gateways of user %s: %w", want.Name, err)
	}
	return nil
}

func (g *grants) try(ctx context.Context, want *roostv1.Grant) error {
	sequence, known, err := g.read(ctx, want.Name)
	if err != nil {
		return err
	}
	want.Revision = known.GetRevision()
	switch {
	case proto.Equal(known, want):
		return nil
	case g.roster == 0: // of a file that has no revision
		want.Revision++
	case known.GetRevision() > g.roster:
		return ErrOlder
	default:
		want.Revision = g.roster
	}
	data, err := roostv1.Marshal(want, false)
	if err != nil {
		return err
	}
	_, err = g.js.Publish(ctx, g.names.Access(want.Name), data, jetstream.WithExpectLastSequencePerSubject(sequence))
	return err
}

// read returns the record of a name, or none. One that cannot be read is none: it is replaced.
func (g *grants) read(ctx context.Context, name string) (uint64, *roostv1.Grant, error) {
	last, err := g.stream.GetLastMsgForSubject(ctx, g.names.Access(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	known := new(roostv1.Grant)
	if err := proto.Unmarshal(last.Data, known); err != nil {
		known = nil
	}
	return last.Sequence, known, nil
}

// wrongSequence reports whether a write lost against another one, or met it on its way.
func wrongSequence(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && (refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || refused.ErrorCode == codeWriteInFlight)
}

// codeWriteInFlight is the server's code for a subject that is being written.
const codeWriteInFlight jetstream.ErrorCode = 10164
