package fault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// upgrade has nodes end in order, and starts another program in their place, on the same data.
type upgrade struct {
	stop
	program  []string // empty: the same again
	versions []string // before
}

func newUpgrade(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	u := &upgrade{stop: stop{newNodes(f, targets), make(chan string, len(targets))}}
	if e.Params.Program != "" {
		u.program = []string{e.Params.Program}
	}
	return u
}

// Apply makes sure that the other program is one before anything ends.
func (u *upgrade) Apply(ctx context.Context) error {
	if u.program != nil {
		if _, err := versionOf(ctx, u.program); err != nil {
			return err
		}
	}
	for _, name := range u.names {
		is, err := u.version(ctx, name)
		if err != nil {
			return err
		}
		u.versions = append(u.versions, is)
	}
	return u.stop.Apply(ctx)
}

// version is what a node runs: a gateway says so itself, through the hub.
func (u *upgrade) version(ctx context.Context, name string) (string, error) {
	node := u.fleet.Node(name)
	if node == nil {
		return "", fmt.Errorf("there is no node %s", name)
	}
	is, err := versionOf(ctx, node.Program())
	if err != nil || node.Kind != fleet.KindGateway {
		return is, err
	}
	said, err := u.fleet.Running(ctx, name)
	return is + " and says " + said, err
}

// versionOf asks a program what it is.
func versionOf(ctx context.Context, program []string) (string, error) {
	args := append(program[1:len(program):len(program)], "version")
	out, err := exec.CommandContext(ctx, program[0], args...).Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", program[0], err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	digest, err := digestOf(program[0])
	return line + ", program " + digest, err
}

// digestOf tells one program from another that calls itself the same.
func digestOf(path string) (string, error) {
	found, err := exec.LookPath(path)
	if err != nil {
		return "", err
	}
	file, err := os.Open(found)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func (u *upgrade) Heal(ctx context.Context) error {
	if u.program != nil {
		for _, name := range u.names {
			if node := u.fleet.Node(name); node != nil {
				node.Replace(u.program...)
			}
		}
	}
	return u.start(ctx)
}

// ConfirmHealed says what runs, and what ran before.
func (u *upgrade) ConfirmHealed(ctx context.Context) (string, error) {
	seen, err := u.up()
	if err != nil {
		return "", err
	}
	for i, name := range u.names {
		is, err := u.version(ctx, name)
		if err != nil {
			return "", err
		}
		was := "unknown"
		if i < len(u.versions) {
			was = u.versions[i]
		}
		seen += fmt.Sprintf("; %s was %s; it is %s", name, was, is)
	}
	return seen, nil
}
