//go:build linux

package cluster_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestPowerCutOfTheHub cuts the power of the hub's disk at arbitrary moments while commands are sent. What a sender was told
// of a command is on record, and no end has gone back.
func TestPowerCutOfTheHub(t *testing.T) {
	const cuts, senders, enough = 5, 4, 20
	disk := clustertest.NewPowerDisk(t)
	hub := clustertest.StartProcessIn(t, filepath.Join(disk.Dir(), "hub"))
	h := newHost("g1")
	g, _ := startGateway(t, hub, h)
	client := newClient(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range senders {
		devices = append(devices, newDevice(fmt.Sprintf("d%d", i)))
	}
	apply(t, client, devices...)
	until(t, "all are served", func() bool { return len(h.served()) == senders })
	var mu sync.Mutex
	told := map[string]*roostv1.CommandRecord{}
	for cut := range cuts {
		ending, heard := make(chan struct{}), make(chan struct{}, 1<<16)
		var all sync.WaitGroup
		for i := range senders {
			all.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-ending:
						return
					default:
					}
					c := setLimit(fmt.Sprintf("c%d-%d", cut, n), devices[i].Id)
					wait := time.Second
					if n%2 == 0 {
						wait = time.Millisecond // it is told of the acceptance
					}
					r, err := send(t, g, c, wait)
					if err != nil {
						select { // the hub is not back yet, or nobody knows what became of it
						case <-ending:
						case <-time.After(10 * time.Millisecond):
						}
						continue
					}
					mu.Lock()
					told[c.DeviceId+" "+c.Id] = r
					mu.Unlock()
					heard <- struct{}{}
				}
			})
		}
		for range enough {
			await(t, "a command of which a sender is told", heard, func(struct{}) bool { return true })
		}
		<-time.After(rand.N(200 * time.Millisecond))
		hub.Halt()
		disk.Cut()
		hub.Kill()
		close(ending)
		all.Wait()
		disk.Again()
		hub.Restart()
	}
	until(t, "the gateway answers again", func() bool {
		_, err := client.Command(t.Context(), "d0", "c0-0", 0)
		return !errors.Is(err, roostv1.ErrUnavailable)
	})
	ended := 0
	for _, was := range told {
		is, err := client.Command(t.Context(), was.DeviceId, was.CommandId, 0)
		switch {
		case err != nil:
			t.Errorf("a sender was told that %s of %s is %v: %v", was.CommandId, was.DeviceId, was.State, err)
		case was.State.Final():
			if ended++; is.State != was.State {
				t.Errorf("%s of %s was %v, and is %v", was.CommandId, was.DeviceId, was.State, is.State)
			}
		}
	}
	t.Logf("%d power cuts: senders were told of %d commands, and of the end of %d", cuts, len(told), ended)
	if ended == 0 || ended == len(told) {
		t.Errorf("they were told of the end of %d of %d: this shows too little", ended, len(told))
	}
}

// TestPowerCutOfTheGateway: what was accepted without the hub is on the gateway's disk when the power goes, and is handed to the host
// when it is back.
func TestPowerCutOfTheGateway(t *testing.T) {
	const commands = 20
	disk := clustertest.NewPowerDisk(t)
	o := newOutpost(t, attachedDevice("pump", "g1"))
	folder := filepath.Join(disk.Dir(), "g1")
	if err := os.CopyFS(folder, os.DirFS(o.folder)); err != nil {
		t.Fatal(err)
	}
	o.folder = folder
	settle(t, folder) // the copy, not what is tested
	g, stop := o.alone(t, newHost("g1").keeps())
	for n := range commands {
		if r, err := sendLocalFor(t, g, setLimit(fmt.Sprintf("c%d", n), "pump"), time.Millisecond); err != nil || r.State != accepted {
			t.Fatalf("got %v, %v", r, err)
		}
	}
	disk.Cut()
	stop()
	disk.Again()
	h := newHost("g1").keeps()
	o.alone(t, h)
	left := map[string]bool{}
	for n := range commands {
		left[fmt.Sprintf("c%d", n)] = true
	}
	for len(left) > 0 {
		for _, c := range h.nextHanded(t).open {
			delete(left, c.Record.CommandId)
		}
	}
}

// settle has the disk of a folder write down all that it has been given.
func settle(t *testing.T, folder string) {
	t.Helper()
	f, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Syncfs(int(f.Fd())), f.Close()); err != nil {
		t.Fatal(err)
	}
}
