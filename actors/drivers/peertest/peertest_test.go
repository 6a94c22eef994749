package peertest_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// The peer here is this test once more, as an echo.
func TestMain(m *testing.M) {
	if at := os.Getenv("PEERTEST_ECHO"); at != "" {
		echo(at)
		return
	}
	if at := os.Getenv("PEERTEST_LEAVE"); at != "" {
		leave(at)
		return
	}
	os.Exit(m.Run())
}

// echo says where it listens, gives each line back, and says it.
func echo(at string) {
	l, err := net.Listen("tcp", at)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("echo at", at)
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				fmt.Fprintln(conn, lines.Text())
				fmt.Println("heard", lines.Text())
			}
		}()
	}
}

func startEcho(t *testing.T) (*peertest.Peer, string) {
	t.Helper()
	at := peertest.FreeAddress(t, "tcp")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return peertest.Start(t, peertest.Command{
		Name: self, Env: []string{"PEERTEST_ECHO=" + at}, Ready: []peertest.Ready{peertest.Says("echo at " + at), peertest.Listens(at)},
	}), at
}

// ask sends a line and returns what comes back within a time.
func ask(t *testing.T, at, line string, within time.Duration) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, line)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

const long = 20 * time.Second

func wantEcho(t *testing.T, at, line string) {
	t.Helper()
	if got, err := ask(t, at, line, long); got != line || err != nil {
		t.Errorf("asked %q, got %q, %v", line, got, err)
	}
}

func TestLife(t *testing.T) {
	p, at := startEcho(t)
	wantEcho(t, at, "one")
	p.Wait(t, "heard one")
	p.Kill()
	p.Kill() // is nothing
	if _, err := ask(t, at, "two", long); err == nil {
		t.Error("a peer that was killed answers")
	}
	p.Restart(t)
	wantEcho(t, at, "three")
	if said := p.Output(); strings.Contains(said, "heard one") {
		t.Errorf("what it said before it was killed is told after:\n%s", said)
	}
}

func TestPause(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing can be paused on windows")
	}
	p, at := startEcho(t)
	p.Pause(t)
	if got, err := ask(t, at, "one", 100*time.Millisecond); err == nil {
		t.Errorf("a peer that was paused answers %q", got)
	}
	p.Resume(t)
	wantEcho(t, at, "two")
	p.Pause(t)
	p.Kill() // also what is paused
}

// recorder is a test that can fail or be skipped without harm.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.said = "skipped: " + fmt.Sprintf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = "failed: " + fmt.Sprintf(format, args...)
}

func TestNeed(t *testing.T) {
	none := peertest.Program("no-such-program", "no-such-package")
	folder := peertest.File(t.TempDir(), "a test")
	for _, test := range []struct {
		peers, want string
		parts       []peertest.Part
	}{
		{"", "", []peertest.Part{folder}},
		{"1", "", []peertest.Part{folder}},
		{"", "skipped: not installed: the program no-such-program (Debian package no-such-package: ", []peertest.Part{folder, none}},
		{"1", "failed: ROOST_PEERS is set, and this is not installed: the program no-such-program", []peertest.Part{none, folder}},
		{"", "skipped: not installed: the Python module no_such_module", []peertest.Part{peertest.Module("no_such_module", "no-such-package")}},
	} {
		t.Setenv("ROOST_PEERS", test.peers)
		r := &recorder{TB: t}
		peertest.Need(r, test.parts...)
		if (test.want == "") != (r.said == "") || !strings.HasPrefix(r.said, test.want) {
			t.Errorf("with ROOST_PEERS=%q it said %q, want %q", test.peers, r.said, test.want)
		}
	}
}

// TestPeerThatEnds: who is not ready since it has ended is told at once, with why.
func TestPeerThatEnds(t *testing.T) {
	if os.Getenv("PEERTEST_FAIL") != "" {
		at := peertest.FreeAddress(t, "tcp")
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		self, _ := os.Executable()
		peertest.Start(t, peertest.Command{Name: self, Env: []string{"PEERTEST_ECHO=" + at}, Ready: []peertest.Ready{peertest.Says("echo at")}})
		return
	}
	began := time.Now()
	run := exec.Command(os.Args[0], "-test.run=^TestPeerThatEnds$")
	run.Env = append(os.Environ(), "PEERTEST_FAIL=1")
	out, err := run.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "has ended") || !strings.Contains(string(out), "address already in use") {
		t.Errorf("%v\n%s", err, out)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("told after %v", took)
	}
}
