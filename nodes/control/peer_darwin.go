package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// uidOf asks the kernel which user dialled.
func uidOf(c *net.UnixConn) (uid uint32, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var asked error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Xucred
		if cred, asked = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); asked == nil {
			uid = cred.Uid
		}
	})
	if err == nil {
		err = asked
	}
	return uid, err
}
