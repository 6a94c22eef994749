package gateway

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// bootID returns what the kernel calls this boot.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// proofOf returns what tells this boot and this very lock from every other. A copy of the folder has
// another lock, which proves nothing about the processes that held the first one.
func proofOf(lock string) string {
	boot := bootID()
	info, err := os.Stat(lock)
	if err != nil || boot == "" {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s/%d/%d", boot, stat.Dev, stat.Ino)
}
