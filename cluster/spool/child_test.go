package spool_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// envChild makes the test binary a process that stores readings in a spool, as a gateway does.
const envChild = "ROOST_TEST_SPOOL_CHILD"

// childPlan is what such a process does.
type childPlan struct {
	Folder  string
	Hub     string
	Devices int
	Epoch   uint64
}

// serveChild stores readings of all devices, as fast as they are taken, until standard input ends. It prints a line for
// each batch that is durable: device, epoch, and the batch's last sequence.
func serveChild(text string) error {
	var plan childPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return err
	}
	nc, err := cluster.ConnectGateway(plan.Hub, "g1", nil)
	if err != nil {
		return err
	}
	defer nc.Close()
	s, sink, err := openChild(plan, nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = sink.Run(ctx) })
	running.Go(func() { _ = s.Run(ctx) })
	var devices sync.WaitGroup
	for d := range plan.Devices {
		devices.Go(func() { sample(ctx, s, fmt.Sprintf("d%03d", d), plan.Epoch) })
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	devices.Wait()
	running.Wait()
	return nil
}

func openChild(plan childPlan, nc *nats.Conn) (*spool.Spool, *cluster.Readings, error) {
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		return nil, nil, err
	}
	sink := cluster.NewReadings(nc, names, "g1", nil)
	s, err := spool.Open(spool.Config{Folder: plan.Folder, Gateway: "g1", Sink: sink, Link: nc, Spread: -1})
	return s, sink, err
}

// sample stores batches of one to three readings, one after the other, behind what is there.
func sample(ctx context.Context, s *spool.Spool, device string, epoch uint64) {
	next := s.Last(device, epoch) + 1
	for n := 1; ctx.Err() == nil; n = n%3 + 1 {
		b := batch(device, epoch, next, n)
		for ctx.Err() == nil && storeOnce(ctx, s, b) != nil {
		}
		if ctx.Err() != nil {
			return
		}
		next += uint64(n)
		fmt.Printf("%s %d %d\n", device, epoch, next-1)
	}
}

func storeOnce(ctx context.Context, s *spool.Spool, b *roostv1.ReadingBatch) error {
	done := make(chan error, 1)
	s.Store(b, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// child is such a process.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
	read  sync.WaitGroup
	acked map[string]uint64 // device/epoch: last sequence that was said to be durable
}

// startChild starts one, and waits until it stores.
func startChild(tb testing.TB, plan childPlan, acked map[string]uint64) *child {
	tb.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+string(text))
	cmd.Stderr = os.Stderr
	c := &child{cmd: cmd, acked: acked}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	tb.Cleanup(c.kill)
	if !c.lines.Scan() || c.lines.Text() != "ready" {
		tb.Fatalf("first line of the child = %q, want ready", c.lines.Text())
	}
	c.read.Go(c.note)
	return c
}

// note keeps what the child says to be durable.
func (c *child) note() {
	for c.lines.Scan() {
		var device string
		var epoch, last uint64
		if n, err := fmt.Sscan(c.lines.Text(), &device, &epoch, &last); n == 3 && err == nil && strings.HasPrefix(device, "d") {
			c.acked[fmt.Sprintf("%s/%d", device, epoch)] = last
		}
	}
}

// kill ends the process with SIGKILL, and returns when it is gone, and all that it said is noted.
func (c *child) kill() {
	if c.cmd.ProcessState != nil {
		return
	}
	_ = c.cmd.Process.Kill()
	c.read.Wait()
	_ = c.cmd.Wait()
}
