//go:build failpoints && unix

package rig

import (
	"errors"
	"syscall"
)

// writeOnce is one write to a socket; not done: the kernel takes nothing at present.
func writeOnce(fd uintptr, frame []byte) (n int, done bool) {
	n, err := syscall.Write(int(fd), frame)
	return max(n, 0), !errors.Is(err, syscall.EAGAIN)
}
