//go:build unix

package main_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/clustertest"
)

// hubs are three hubs that are one, in processes of their own.
type hubs struct {
	t      *testing.T
	routes []string
	data   []string
	listen []string
	run    [3]*process
	urls   [3]string
}

// newHubs returns three hubs that are not started.
func newHubs(t *testing.T) *hubs {
	h := &hubs{t: t}
	ports := clustertest.FreePorts(t, 2*len(h.run))
	for i := range h.run {
		h.listen = append(h.listen, fmt.Sprintf("127.0.0.1:%d", ports[2*i]))
		h.routes = append(h.routes, fmt.Sprintf("127.0.0.1:%d", ports[2*i+1]))
		h.data = append(h.data, t.TempDir())
	}
	return h
}

func (h *hubs) start(i int) {
	h.t.Helper()
	h.run[i] = start(h.t, "hub", "--cluster", "north", "--data", h.data[i], "--listen", h.listen[i],
		"--route", h.routes[i], "--peers", strings.Join(h.routes, ","))
}

func (h *hubs) ready(i int) {
	h.t.Helper()
	h.urls[i] = readyURL(h.t, h.run[i])
}

// kill ends a hub with no chance to hand over.
func (h *hubs) kill(i int) {
	_ = h.run[i].cmd.Process.Kill()
	h.run[i].drained()
}

// drained lets a program say what it wants, until it has ended.
func (p *process) drained() {
	for range p.lines {
	}
	<-p.ended
}

// TestHubOfThree: the first waits for a second, two serve, and any of them may be killed. Each ends in time,
// the last one alone and another one while a peer hangs.
func TestHubOfThree(t *testing.T) {
	h := newHubs(t)
	h.start(0)
	if line := h.run[0].until(t, "waiting for another hub of cluster north"); !strings.Contains(line, h.routes[1]) || strings.Contains(line, h.routes[0]) {
		t.Errorf("%q does not name the other two", line)
	}
	h.start(1)
	h.ready(0)
	h.ready(1)
	h.start(2)
	h.ready(2)
	nc := ensureFleet(t, strings.Join(h.urls[:], ","))
	write := func(ctx context.Context) error {
		_, err := nc.RequestWithContext(ctx, "roost.roost.own.bus", nil)
		return err
	}
	insist(t, "write", write)
	for i := range h.run {
		h.kill(i)
		insist(t, "write to two hubs", write)
		h.start(i)
		h.ready(i)
	}
	if err := h.run[2].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		code, took := h.run[i].signal(t, syscall.SIGTERM)
		if code != 0 || took > slowdown*5*time.Second {
			t.Errorf("hub %d ended with exit code %d after %v: %s", i, code, took, h.run[i].errors.String())
		}
	}
	if err := h.run[2].cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if code, took := h.run[2].signal(t, syscall.SIGTERM); code != 0 || took > slowdown*5*time.Second {
		t.Errorf("the last hub ended with exit code %d after %v: %s", code, took, h.run[2].errors.String())
	}
}
