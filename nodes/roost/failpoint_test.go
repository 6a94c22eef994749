//go:build failpoints && unix

package main_test

import (
	"context"
	"io"
	"maps"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// failpoints are the places between journal and wire where a gateway kills itself.
var failpoints = []string{"cmd.before-intent", "cmd.after-intent", "cmd.after-write", "cmd.before-result", "cmd.after-result"}

// failpointCommands is how many commands are sent at each point; the environment may ask for another
// number.
func failpointCommands(t *testing.T) int {
	if s := os.Getenv("ROOST_FAILPOINT_COMMANDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("ROOST_FAILPOINT_COMMANDS=%q is no number of commands", s)
		}
		return n
	}
	return 1000
}

// TestFailpoints kills gateways between journal and wire, again and again, while commands are sent, and
// lets the hardware's own log say what was done: what must not be repeated was not, what ended without a
// byte sent was not done, what succeeded was, and every command ended.
func TestFailpoints(t *testing.T) {
	commands := failpointCommands(t)
	for _, point := range failpoints {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 16, nil)
			mortals := []*mortal{f.mortal("g1", point, 15), f.mortal("g2", point, 17)}
			sent := f.sendAll(commands, f.someCommand)
			kills := 0
			for _, m := range mortals {
				kills += m.stop()
			}
			if kills < commands/50 {
				t.Errorf("only %d gateways were killed at %s: nothing was tested", kills, point)
			}
			f.judgeCommands(sent)
			t.Logf("%d commands, %d kills %s: %v", len(sent), kills, point, outcomes(sent))
		})
	}
}

// TestFailpointPauses stops a gateway between journal and wire for three leases, and continues it: whatever it
// was about to do, another gateway serves its devices by then.
func TestFailpointPauses(t *testing.T) {
	for _, point := range failpoints {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 16, nil)
			f.start("g2")
			sleeper := f.sleeper("g1", point, 15)
			sent := map[string]*roostv1.CommandRecord{}
			const rounds, each = 2, 60
			for round := range rounds {
				f.settled("g1", "g2") // it is back, and has its share
				maps.Copy(sent, f.sendAll(each, func(i int) *roostv1.Command { return f.someCommand(round*each + i) }))
			}
			f.settled("g1", "g2") // so that it does what it still may want to do
			pauses := sleeper.stop()
			if pauses < 2 {
				t.Errorf("g1 stood still %d times at %s: nothing was tested", pauses, point)
			}
			f.judgeCommands(sent)
			t.Logf("%d commands, %d pauses %s: %v", len(sent), pauses, point, outcomes(sent))
		})
	}
}

// sleeper runs a gateway that stops at each n-th passing of a failpoint, and is continued after three leases.
func (f *fleet) sleeper(id, point string, n int) *mortal {
	ctx, cancel := context.WithCancel(context.Background())
	s := &mortal{cancel: cancel, done: make(chan struct{})}
	cmd := command(context.Background(), "gateway", "--id", id, "--hub", f.url, "--data", f.folder+"/"+id)
	cmd.Env = append(cmd.Env, "ROOST_FAILPOINT="+point, "ROOST_FAILPOINT_EVERY="+strconv.Itoa(n), "ROOST_FAILPOINT_PAUSE=1")
	if err := cmd.Start(); err != nil {
		f.tb.Fatal(err)
	}
	go func() {
		defer close(s.done)
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // how it ended is not asked
		}()
		for ctx.Err() == nil {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil)
			if err != nil || pid == cmd.Process.Pid && !status.Stopped() {
				f.tb.Errorf("%s ended, and was to stand still at most: %v", id, err)
				return
			}
			if pid == 0 {
				rest(ctx, 20*time.Millisecond)
				continue
			}
			s.kills.Add(1)
			rest(ctx, 6*time.Second)
			_ = cmd.Process.Signal(syscall.SIGCONT)
		}
	}()
	f.tb.Cleanup(func() { s.stop() })
	return s
}

// rest waits, but not beyond the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A mortal is a gateway that is started again whenever it ends.
type mortal struct {
	cancel context.CancelFunc
	done   chan struct{}
	kills  atomic.Int64 // or pauses
}

// mortal runs a gateway that kills itself at each n-th passing of a failpoint.
func (f *fleet) mortal(id, point string, n int) *mortal {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mortal{cancel: cancel, done: make(chan struct{})}
	data := f.folder + "/" + id
	url := f.url
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			cmd := command(ctx, "gateway", "--id", id, "--hub", url, "--data", data)
			cmd.Env = append(cmd.Env, "ROOST_FAILPOINT="+point, "ROOST_FAILPOINT_EVERY="+strconv.Itoa(n))
			said := &lockedBuffer{}
			cmd.Stdout, cmd.Stderr = io.Discard, said
			if err := cmd.Run(); err == nil || ctx.Err() != nil {
				continue
			}
			if state := cmd.ProcessState; state != nil && state.String() == "signal: killed" {
				m.kills.Add(1)
				continue
			}
			f.tb.Errorf("%s ended otherwise than by its failpoint: %v: %s", id, cmd.ProcessState, said)
			return
		}
	}()
	f.tb.Cleanup(func() { m.stop() })
	return m
}

// stop ends the gateway, and returns how often it killed or stopped itself.
func (m *mortal) stop() int {
	kills := int(m.kills.Load())
	m.cancel()
	<-m.done
	return kills
}

// outcomes counts what became of commands.
func outcomes(sent map[string]*roostv1.CommandRecord) map[string]int {
	n := map[string]int{}
	for _, record := range sent {
		n[record.State.Word()]++
	}
	return n
}
