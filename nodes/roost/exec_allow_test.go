//go:build unix

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const execFleet = `
profiles:
  - id: boiler
    resources: [{name: level, type: uint, access: read_write, write_kind: absolute}]
devices:
  - {id: boiler-1, profile: boiler, driver: exec, poll_interval: 1s, address: {program: %s, arg1: "3"}}
`

// execProgram is a driver in the shell, whose level is its argument, and then what is written.
const execProgram = `#!/bin/sh
level=$1
while read -r question; do
	id=${question#*'"id":'} id=${id%%,*}
	case $question in
	'{"op":"open",'*) echo "{\"id\":$id,\"ok\":true}" ;;
	'{"op":"poll",'*) echo "{\"id\":$id,\"values\":{\"level\":$level}}" ;;
	'{"op":"write",'*) level=${question#*'"value":'} level=${level%%,*}; echo "{\"id\":$id,\"ok\":true}" ;;
	esac
done
`

// TestExecAllow: a gateway runs the programs that whoever started it has allowed, and no others, in a process of its own too.
func TestExecAllow(t *testing.T) {
	program := filepath.Join(t.TempDir(), "boiler")
	if err := os.WriteFile(program, []byte(execProgram), 0o755); err != nil {
		t.Fatal(err)
	}
	fleet := write(t, fmt.Sprintf(execFleet, program))
	t.Run("none", func(t *testing.T) {
		i := up(t, "", "--fleet", fleet).drain()
		if got := i.run("device", "show", "boiler-1"); !strings.Contains(got.out, "this gateway runs no programs") || !strings.Contains(got.out, "--exec-allow") {
			t.Errorf("the device shows\n%s%s", got.out, got.err)
		}
	})
	for name, flags := range map[string][]string{
		"in the process": {"--exec-allow", filepath.Dir(program)}, "in another one": {"--exec-allow", program, "--gateways", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			i := up(t, "", append(flags, "--fleet", fleet)...).drain()
			if got := i.run("send", "boiler-1", "set", "level=5"); got.code != 0 {
				t.Fatalf("send: %+v", got)
			}
			i.stop()
		})
	}
}

// TestExecAllowRefuses: what is not there cannot be allowed.
func TestExecAllowRefuses(t *testing.T) {
	for _, command := range []string{"up", "gateway --id gw-1"} {
		got := run(t, append(strings.Fields(command), "--exec-allow", "/nowhere/at/all")...)
		if got.code != 64 || !strings.Contains(got.err, "--exec-allow /nowhere/at/all") {
			t.Errorf("%s: %+v", command, got)
		}
	}
	if got := runIn(t, []string{"ROOST_EXEC_ALLOW=/nowhere/at/all"}, "up"); got.code != 64 || !strings.Contains(got.err, "--exec-allow /nowhere/at/all") {
		t.Errorf("by the environment: %+v", got)
	}
}

// execNumber is a driver in the shell, whose level is the number of its process.
const execNumber = `#!/bin/sh
while read -r question; do
	id=${question#*'"id":'} id=${id%%,*}
	echo "{\"id\":$id,\"values\":{\"level\":$$}}"
done
`

// TestExecProgramIsKilled: a program that ends is started again soon, under the device's policy, and the device shows why.
func TestExecProgramIsKilled(t *testing.T) {
	program := filepath.Join(t.TempDir(), "boiler")
	if err := os.WriteFile(program, []byte(execNumber), 0o755); err != nil {
		t.Fatal(err)
	}
	i := up(t, "", "--fleet", write(t, fmt.Sprintf(execFleet, program)), "--exec-allow", program).drain()
	number := func(not int) int {
		t.Helper()
		for began := time.Now(); time.Since(began) < longest; <-time.After(20 * time.Millisecond) {
			shown := i.run("device", "show", "boiler-1")
			for _, match := range regexp.MustCompile(`(?m)^level +(\d+) `).FindAllStringSubmatch(shown.out, -1) {
				if n, _ := strconv.Atoi(match[1]); n != not {
					return n
				}
			}
		}
		t.Fatalf("the level is not the number of another process than %d", not)
		return 0
	}
	first := number(0)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	second := number(first)
	t.Logf("polled once a second, read again %v after its program was killed", time.Since(killed).Round(time.Millisecond))
	if got := i.run("why", "boiler-1"); !strings.Contains(got.out, "signal: killed") {
		t.Errorf("why says\n%s%s", got.out, got.err)
	}
	i.stop()
	if err := syscall.Kill(second, 0); err == nil {
		t.Errorf("the program %d runs after its gateway has ended", second)
	}
}
