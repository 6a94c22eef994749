package failpoint_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// serve serves a controller at a socket, and connects to it.
func serve(t *testing.T) (*failpoint.Controller, *failpoint.Client, string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "fp") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "gw-1")
	c := failpoint.NewController()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Serve(ctx, path) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(folder)
	})
	late := time.After(10 * time.Second)
	for {
		client, err := failpoint.Dial(t.Context(), path)
		if err == nil {
			t.Cleanup(func() { _ = client.Close() })
			return c, client, path
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-late:
			t.Fatal(err)
		}
	}
}

// TestSocket: a point is armed, passed, told of, and disarmed, and a clock is set, all through the socket.
func TestSocket(t *testing.T) {
	c, client, path := serve(t)
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
	do := func(r failpoint.Request) failpoint.Answer {
		t.Helper()
		a, err := client.Do(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	c.Hit(failpoint.DriverCall, "rig-1")
	a := do(failpoint.Request{Op: "arm", Arm: &failpoint.Arm{ID: "f1", Point: failpoint.DriverCall, Device: "rig-2", Do: failpoint.Panic, After: 2}})
	if s, ok := a.Status("f1"); !ok || s.Seen != 0 || a.Passed[failpoint.DriverCall] != 1 {
		t.Errorf("armed: %+v", a)
	}
	c.Hit(failpoint.DriverCall, "rig-1") // another device
	c.Hit(failpoint.DriverCall, "rig-2") // the first time
	if got := passes(c, failpoint.DriverCall, "rig-2"); got != failpoint.DriverCall {
		t.Errorf("the second time it panics with %q", got)
	}
	a = do(failpoint.Request{Op: "hits"})
	if s, _ := a.Status("f1"); s.Seen != 2 || s.Fired != 1 || a.Passed[failpoint.DriverCall] != 4 {
		t.Errorf("hits: %+v", a)
	}
	if a = do(failpoint.Request{Op: "disarm", ID: "f1"}); len(a.Armed) != 0 {
		t.Errorf("disarmed: %+v", a)
	}
	c.Hit(failpoint.DriverCall, "rig-2")
	a = do(failpoint.Request{Op: "clock", Clock: &failpoint.Clock{Step: failpoint.Duration(-24 * time.Hour)}})
	if off := time.Until(a.Wall) + 24*time.Hour; off.Abs() > time.Minute {
		t.Errorf("the clock says %v", a.Wall)
	}
}

// passes passes a point, and returns the point that it panicked at.
func passes(c *failpoint.Controller, point, device string) (panicked string) {
	defer func() {
		if p, ok := recover().(failpoint.Panicked); ok {
			panicked = p.Point
		}
	}()
	c.Hit(point, device)
	return ""
}

// TestRefusals: what makes no sense is refused with a reason, and changes nothing.
func TestRefusals(t *testing.T) {
	c, client, path := serve(t)
	for _, test := range []struct{ line, want string }{
		{`nonsense`, "not understood"},
		{`{"op":"arm","arms":{}}`, "not understood"},
		{`{"op":"burn"}`, "not arm, disarm"},
		{`{"op":"arm"}`, "needs a field"},
		{`{"op":"arm","arm":{"id":"a","point":"cmd.nowhere","do":"kill"}}`, "there is no failpoint"},
		{`{"op":"arm","arm":{"point":"cmd.after-write","do":"kill"}}`, "no id"},
		{`{"op":"arm","arm":{"id":"a","point":"cmd.after-write","do":"panic"}}`, "kill it instead"},
		{`{"op":"arm","arm":{"id":"a","point":"cmd.after-write","do":"dance"}}`, "do is"},
		{`{"op":"arm","arm":{"id":"a","point":"cmd.after-write","do":"sleep"}}`, "above zero"},
		{`{"op":"arm","arm":{"id":"a","point":"cmd.after-write","do":"hang","for":"1s"}}`, "only sleep"},
		{`{"op":"disarm","id":"a"}`, "nothing of that id"},
		{`{"op":"clock","clock":{"step":"0s","rate":-1}}`, "rate"},
	} {
		if a := ask(t, path, test.line); !strings.Contains(a, test.want) {
			t.Errorf("%s: %s, want %q", test.line, a, test.want)
		}
	}
	if len(c.Armed()) != 0 {
		t.Errorf("armed: %+v", c.Armed())
	}
	_, err := client.Do(t.Context(), failpoint.Request{Op: "burn"})
	if !errors.Is(err, failpoint.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// ask says a line at the socket, and returns the answer.
func ask(t *testing.T, path, line string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(line + "\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}

// TestWhen: at which passings it happens.
func TestWhen(t *testing.T) {
	for _, test := range []struct {
		arm  failpoint.Arm
		want []int
	}{
		{failpoint.Arm{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{failpoint.Arm{After: 3}, []int{3, 4, 5, 6, 7, 8, 9}},
		{failpoint.Arm{After: 3, Times: 1}, []int{3}},
		{failpoint.Arm{After: 2, Every: 3}, []int{2, 5, 8}},
		{failpoint.Arm{After: 2, Every: 3, Times: 2}, []int{2, 5}},
	} {
		c := failpoint.NewController()
		arm := test.arm
		arm.ID, arm.Point, arm.Do = "a", failpoint.ActorBeforeHandle, failpoint.Panic
		if err := c.Arm(arm); err != nil {
			t.Fatal(err)
		}
		var got []int
		for i := 1; i < 10; i++ {
			if passes(c, arm.Point, "d") != "" {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: at %v, want %v", arm, got, test.want)
		}
	}
}

// TestHeld: who hangs goes on when it is disarmed, and who sleeps when it is time.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := failpoint.NewController()
		began := time.Now()
		pass := func() <-chan time.Duration {
			passed := make(chan time.Duration, 1)
			go func() {
				c.Hit(failpoint.CommandAfterIntent, "d")
				passed <- time.Since(began)
			}()
			synctest.Wait()
			return passed
		}
		arm := failpoint.Arm{ID: "a", Point: failpoint.CommandAfterIntent, Do: failpoint.Sleep, For: failpoint.Duration(time.Second)}
		if err := c.Arm(arm); err != nil {
			t.Fatal(err)
		}
		if took := <-pass(); took != time.Second {
			t.Errorf("it slept %v", took)
		}
		arm.Do, arm.For = failpoint.Hang, 0
		if err := c.Arm(arm); err != nil {
			t.Fatal(err)
		}
		passed := pass()
		if a := c.Armed(); len(a) != 1 || a[0].Held != 1 {
			t.Errorf("held: %+v", a)
		}
		<-time.After(time.Hour)
		if err := c.Disarm(""); err != nil {
			t.Fatal(err)
		}
		if took := <-passed; took != time.Hour+time.Second {
			t.Errorf("it hung until %v", took)
		}
	})
}

// TestWall: a clock is set and drifts, and is set right again, whatever it was before.
func TestWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := failpoint.NewWall(-time.Hour)
		ahead := func() time.Duration { return time.Until(w.Now()) }
		if ahead() != -time.Hour {
			t.Errorf("from the beginning: %v", ahead())
		}
		if err := w.Set(failpoint.Clock{Step: failpoint.Duration(time.Minute), Rate: 2}); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if ahead() != 70*time.Second {
			t.Errorf("twice as fast: %v", ahead())
		}
		if err := w.Set(failpoint.Clock{}); err != nil || ahead() != 0 {
			t.Errorf("set right: %v, %v", ahead(), err)
		}
	})
}

var passedPoint = regexp.MustCompile(`(?:failpoint|\(\*hook\))\("([a-z.-]+)"`)

// TestPointsAreThere: every point that can be armed is somewhere in the product, and the other way round.
func TestPointsAreThere(t *testing.T) {
	there := map[string]bool{}
	for _, folder := range []string{"../../../actors", "../../../cluster"} {
		if err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range passedPoint.FindAllStringSubmatch(string(text), -1) {
				there[m[1]] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range failpoint.Points() {
		if !there[p.Name] {
			t.Errorf("nobody passes %s", p.Name)
		}
		delete(there, p.Name)
	}
	for name := range there {
		t.Errorf("%s cannot be armed", name)
	}
}
