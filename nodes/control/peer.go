package control

import (
	"context"
	"fmt"
	"net"
	"os/user"
	"strconv"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// peer is who is at the other end of a connection, as the kernel says.
type peer struct {
	uid uint32
	err error // why that is not known
}

type peerKey struct{}

// withPeer notes who dialled.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	var p peer
	if unix, ok := c.(*net.UnixConn); ok {
		p.uid, p.err = uidOf(unix)
	} else {
		p.err = fmt.Errorf("it is no Unix socket")
	}
	return context.WithValue(ctx, peerKey{}, p)
}

// identity names who sends a request: "local:alice(1000)". The error is ErrPermission: nobody knows.
func identity(ctx context.Context) (string, error) {
	p, ok := ctx.Value(peerKey{}).(peer)
	switch {
	case !ok:
		return "", roostv1.Errorf(roostv1.ErrPermission, "it is not known who asks")
	case p.err != nil:
		return "", roostv1.Errorf(roostv1.ErrPermission, "the system does not say who asks: %v", p.err)
	}
	id := strconv.FormatUint(uint64(p.uid), 10)
	name := "?" // there are users without a name
	if u, err := user.LookupId(id); err == nil {
		name = strings.Map(plain, u.Username)
	}
	return fmt.Sprintf("local:%s(%s)", name, id), nil
}

// plain keeps what cannot be taken for anything but a part of a name.
func plain(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
		return r
	}
	return '_'
}

// maxSender is how long the sender of a command is at most.
const maxSender = 200

// signed puts who it is in front of what a command says of its sender.
func signed(who, said string) string {
	if said == "" {
		return who
	}
	whole := who + " " + said
	if len(whole) > maxSender {
		whole = strings.ToValidUTF8(whole[:maxSender], "")
	}
	return whole
}
