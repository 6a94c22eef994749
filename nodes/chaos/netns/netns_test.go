//go:build linux

package netns_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/netns"
)

// newNetwork makes one of two gateways, or skips the test with the reason.
func newNetwork(t *testing.T) *netns.Network {
	t.Helper()
	if reason := netns.Missing(); reason != "" {
		t.Skipf("this machine cannot make networks: %s", reason)
	}
	run := fmt.Sprintf("test-%s-%d", strings.ToLower(t.Name()), os.Getpid())
	n, err := netns.New(run, []string{"gw-1", "gw-2"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Close()
		if err := n.Names().Remove(); err != nil {
			t.Error(err)
		}
		if left := left(t, n.Names()); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
	if err := n.Make(); err != nil {
		t.Fatal(err)
	}
	return n
}

// left is what there is of a network.
func left(t *testing.T, names netns.Names) []string {
	t.Helper()
	var found []string
	for _, name := range names.Namespaces {
		if _, err := os.Stat("/run/netns/" + name); err == nil {
			found = append(found, name)
		}
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Name == names.Link {
			found = append(found, l.Name)
		}
	}
	return found
}

// TestCuts: each way and direction is cut for itself, for one gateway, and heals.
func TestCuts(t *testing.T) {
	n := newNetwork(t)
	want := func(gateway string, w netns.Way, cut netns.Directions) {
		t.Helper()
		for late := time.Now().Add(20 * time.Second); ; { // a probe may come too late to count
			passed, err := n.Probe(gateway, w)
			if err == nil && passed.Only(cut) {
				return
			}
			if err != nil || time.Now().After(late) {
				t.Errorf("%s to the %v: %v, %v", gateway, w, passed, err)
				return
			}
		}
	}
	for _, w := range []netns.Way{netns.ToHub, netns.ToDevices} {
		want("gw-1", w, 0)
		for _, d := range []netns.Directions{netns.Up, netns.Down, netns.Both} {
			if err := n.Cut("gw-1", w, d); err != nil {
				t.Fatal(err)
			}
			want("gw-1", w, d)
			want("gw-1", netns.ToHub+netns.ToDevices-w, 0)
			want("gw-2", w, 0)
			if err := n.Heal("gw-1", w, d); err != nil {
				t.Fatal(err)
			}
			want("gw-1", w, 0)
		}
	}
	if err := n.Heal("gw-1", netns.ToHub, netns.Both); err != nil {
		t.Errorf("heal what is well: %v", err)
	}
	if err := n.Cut("gw-9", netns.ToHub, netns.Both); err == nil {
		t.Error("there is no gw-9")
	}
}

// TestConnectionLives: a connection stands still while its way is cut, and goes on when it is healed.
func TestConnectionLives(t *testing.T) {
	n := newNetwork(t)
	listener, err := net.Listen("tcp4", netip.AddrPortFrom(n.Side(netns.ToHub), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var near net.Conn
	err = netns.Do(n.Namespace("gw-1"), func() (err error) {
		near, err = net.DialTCP("tcp4", nil, listener.Addr().(*net.TCPAddr))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if err := n.Cut("gw-1", netns.ToHub, netns.Up); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	stands := func() bool {
		c, err := n.Connections("gw-1", netns.ToHub)
		return err == nil && len(c) == 1 && c[0].Waiting == 5 && c[0].Timer
	}
	late := time.After(10 * time.Second)
	for !stands() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			c, err := n.Connections("gw-1", netns.ToHub)
			t.Fatalf("the kernel does not say that bytes wait: %v, %v", c, err)
		}
	}
	if err := n.Heal("gw-1", netns.ToHub, netns.Up); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if err := far.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(far, got); err != nil || string(got) != "hello" {
		t.Errorf("after it was healed: %q, %v", got, err)
	}
}
