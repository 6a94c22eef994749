package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// onThread does something on a thread of its own, which ends with it: nobody else finds himself in another namespace.
func onThread(act func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- act()
	}()
	return <-done
}

// Enter has the thread of the caller be in a namespace from now on. He has locked it, and lets it end: see runtime.LockOSThread.
func Enter(namespace string) error {
	handle, err := netns.GetFromName(namespace)
	if err != nil {
		return fmt.Errorf("network namespace %s: %w", namespace, err)
	}
	defer func() { _ = handle.Close() }() // the thread is in it
	if err := netns.Set(handle); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", namespace, err)
	}
	return nil
}

// Do does something in a namespace. Sockets that are made there stay there.
func Do(namespace string, act func() error) error {
	return onThread(func() error {
		if err := Enter(namespace); err != nil {
			return err
		}
		return act()
	})
}

// Remove removes a network, or what there is of it. Processes in it must have ended.
func (n Names) Remove() error {
	var errs error
	if link, err := netlink.LinkByName(n.Link); err == nil {
		errs = netlink.LinkDel(link)
	}
	for _, name := range n.Namespaces {
		if _, err := os.Stat(filepath.Join(folder, name)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := netns.DeleteNamed(name); err != nil {
			errs = errors.Join(errs, fmt.Errorf("remove network namespace %s: %w", name, err))
		}
	}
	return errs
}

// folder is where namespaces have their names.
const folder = "/run/netns"

// Missing is why this machine cannot give gateways networks of their own; empty: it can. The first call tries it.
var Missing = sync.OnceValue(func() string {
	if os.Geteuid() != 0 {
		return "only root can make network namespaces"
	}
	n, err := New(fmt.Sprintf("roost-doctor-%d", os.Getpid()), []string{"gw"})
	if err != nil {
		return err.Error()
	}
	err = n.Make()
	if err == nil {
		err = errors.Join(n.Cut("gw", ToHub, Both), n.Heal("gw", ToHub, Both))
	}
	n.Close()
	if err := errors.Join(err, n.Names().Remove()); err != nil {
		return err.Error()
	}
	return ""
})

// Close lets go of what the network is changed by. It stays there.
func (n *Network) Close() {
	for _, h := range n.links {
		h.Close()
	}
}
