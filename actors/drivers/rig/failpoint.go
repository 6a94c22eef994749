//go:build !failpoints

package rig

import (
	"net"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// hand gives a frame to the kernel. A harness may stop or kill the process there; see failpoint_on.go.
func hand(conn net.Conn, frame []byte, _ wire.Message) (int, error) { return conn.Write(frame) }
