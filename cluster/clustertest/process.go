package clustertest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Environment of the test binary when it is run as a hub, and what it prints when it serves.
const (
	envSite = "ROOST_TEST_HUB"
	ready   = "hub serves on port "
)

// Main runs the tests, or a hub when it is a process made for one.
func Main(m *testing.M) {
	at := os.Getenv(envSite)
	if at == "" {
		os.Exit(m.Run())
	}
	if err := serve(at); err != nil {
		fmt.Fprintln(os.Stderr, "test hub:", err)
		os.Exit(1)
	}
}

// serve runs a hub until standard input ends, which it also does when the test dies.
func serve(text string) error {
	var at site
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		return err
	}
	var hub embedded
	port, err := hub.start(at)
	if err != nil {
		return err
	}
	defer hub.stop()
	fmt.Printf("%s%d\n", ready, port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a server in a process of its own.
type process struct {
	cmd   *exec.Cmd // nil while stopped
	stdin io.Closer
}

func (p *process) start(at site) (int, error) {
	text, err := json.Marshal(at)
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envSite+"="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	p.cmd, p.stdin = cmd, stdin
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.kill()
		return 0, fmt.Errorf("the hub's process ended before it served: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, ready)))
}

func (p *process) stop() { p.end(func() { _ = p.stdin.Close() }) }

func (p *process) kill() { p.end(func() { _ = p.cmd.Process.Kill() }) }

// end asks the process to end and waits until it has; how it ended says nothing here.
func (p *process) end(ask func()) {
	if p.cmd == nil {
		return
	}
	ask()
	_ = p.cmd.Wait()
	p.cmd = nil
}
