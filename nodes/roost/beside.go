package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/control"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/health"
)

// healthFlag is where a program tells how it does.
type healthFlag struct {
	address string
	chosen  bool // somebody chose it: no other will do
}

// flag adds --health to a command.
func (h *healthFlag) flag(cmd *cobra.Command, otherwise string) {
	const name = "health"
	cmd.Flags().StringVar(&h.address, name, otherwise, "`HOST:PORT` of loopback for /healthz, /readyz and /metrics;\nif that is taken any port, unless it was asked for;\noff: nowhere")
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions) // the flag is there
}

// check checks it, and notes whether somebody chose it.
func (h *healthFlag) check(cmd *cobra.Command) error {
	h.chosen = cmd.Flags().Changed("health")
	return health.Check(h.address)
}

// open listens, unless nobody is to be told; then the server is nil.
func (h *healthFlag) open(subject health.Subject, log *slog.Logger) (*health.Server, error) {
	if h.address == health.Off {
		return nil, nil
	}
	return health.Open(health.Config{Address: h.address, Spare: !h.chosen, Subject: subject, Logger: log})
}

// healthClause says where, for a line about something else.
func healthClause(s *health.Server) string {
	if s == nil {
		return ""
	}
	return ", health at " + s.URL()
}

// beside is what a gateway offers on its own machine, beside what it does for its fleet.
type beside struct {
	health  *health.Server  // nil: nowhere
	control *control.Server // nil: it cannot be had
	flaw    error           // why it cannot be had
	log     *slog.Logger
}

// openBeside opens the control socket in the gateway's folder, whose lock is held, and where it tells of
// its health. That there can be no control socket is no reason for a gateway not to run.
func openBeside(g *gateway.Gateway, folder string, where *healthFlag, log *slog.Logger) (*beside, error) {
	b := &beside{log: log}
	var err error
	if b.health, err = where.open(g.Health(), log); err != nil {
		return nil, err
	}
	b.control, b.flaw = control.Open(control.Config{Folder: folder, Fleet: g.Local(), Logger: log})
	return b, nil
}

// warning says that there is no control socket; empty: there is one.
func (b *beside) warning() string {
	if b.flaw == nil {
		return ""
	}
	return fmt.Sprintf("no control socket, so --local finds nobody here: %v", b.flaw)
}

// run serves until ctx ends. What fails of it is logged, and no reason for a gateway to stop.
func (b *beside) run(ctx context.Context) {
	var all sync.WaitGroup
	note := func(err error) {
		if err != nil {
			b.log.Error("not told any more on this machine", "error", err)
		}
	}
	if b.health != nil {
		all.Go(func() { note(b.health.Run(ctx)) })
	}
	if b.control != nil {
		all.Go(func() { note(b.control.Run(ctx)) })
	}
	all.Wait()
}

// close ends what was not run.
func (b *beside) close() error {
	var errs []error
	if b.health != nil {
		errs = append(errs, b.health.Close())
	}
	if b.control != nil {
		errs = append(errs, b.control.Close())
	}
	return errors.Join(errs...)
}
