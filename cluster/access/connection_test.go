package access_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestOptions: each connection answers the hub's challenge as its own user, and has the holder's inbox.
func TestOptions(t *testing.T) {
	c := operator(t)
	users := map[string]bool{}
	for name, options := range map[string]func() ([]nats.Option, error){"data": c.DataOptions, "talk": c.TalkOptions} {
		list, err := options()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var o nats.Options
		for _, option := range list {
			if err := option(&o); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if o.InboxPrefix != "_INBOX.ann" || !o.Secure || o.TLSConfig.RootCAs == nil || o.TLSConfig.InsecureSkipVerify {
			t.Errorf("%s: got inbox %q, secure %v, TLS %+v", name, o.InboxPrefix, o.Secure, o.TLSConfig)
		}
		user, err := nkeys.FromPublicKey(o.Nkey)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		signature, err := o.SignatureCB([]byte("nonce"))
		if err != nil || user.Verify([]byte("nonce"), signature) != nil {
			t.Errorf("%s: the challenge is not answered: %v", name, err)
		}
		users[o.Nkey] = true
	}
	if len(users) != 2 {
		t.Errorf("got users %v, want two", users)
	}
	admin := operator(t)
	admin.Role, admin.Talk = access.RoleAdmin, ""
	if _, err := admin.TalkOptions(); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("talk connection of an admin: got %v, want ErrInvalid", err)
	}
}
