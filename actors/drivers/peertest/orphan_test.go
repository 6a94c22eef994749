//go:build unix

package peertest_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// leave starts an echo, says which processes there are, and ends before it.
func leave(at string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "PEERTEST_LEAVE=", "PEERTEST_ECHO="+at)
	if err := child.Start(); err != nil {
		panic(err)
	}
	for {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			_ = conn.Close()
			fmt.Println("left", os.Getpid(), child.Process.Pid)
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}

// TestOrphans: a peer's child ends with the test, also if the peer has ended by itself before.
func TestOrphans(t *testing.T) {
	at := peertest.FreeAddress(t, "tcp")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := 0
	t.Cleanup(func() {
		if t.Failed() && child > 1 {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	})
	t.Run("peer", func(t *testing.T) {
		p := peertest.Start(t, peertest.Command{Name: self, Env: []string{"PEERTEST_LEAVE=" + at}, Ready: []peertest.Ready{peertest.Says("left ")}})
		said := strings.Fields(p.Output())
		leader := pid(t, said[1])
		child = pid(t, said[2])
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(leader, 0) == nil; <-time.After(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the peer has not ended by itself")
			}
		}
		<-time.After(100 * time.Millisecond) // and this is known
		wantEcho(t, at, "still here")
	})
	for deadline := time.Now().Add(5 * time.Second); ; <-time.After(10 * time.Millisecond) {
		if _, err := ask(t, at, "gone?", time.Second); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the peer's child outlives the test")
		}
	}
}

func pid(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil || n <= 1 {
		t.Fatalf("%q is no process", text)
	}
	return n
}
