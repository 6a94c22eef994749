package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 4) // more than matter
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	go obey(ctx, stop, signals) // ends with the process
	p := program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Stop: stop}
	os.Exit(run(ctx, p, os.Args[1:]))
}

// obey has the first signal ask for an end in order. One that comes when that has been asked for
// ends the process at once, but for a hang-up: when a terminal is closed, both its shell and the kernel say so.
func obey(ctx context.Context, stop func(), signals <-chan os.Signal) {
	select {
	case <-signals:
		stop()
	case <-ctx.Done():
	}
	for s := range signals {
		if s != syscall.SIGHUP {
			break
		}
	}
	os.Exit(exitInterrupted)
}

// program is what the program has of the world: its inputs, outputs and environment.
type program struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
	// Stop asks for an end in order, as the first signal does.
	Stop func()
}

// run runs a command line and returns its exit code. An error is told on Err, after "roost: ".
func run(ctx context.Context, p program, args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	err := checkMutant()
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if text := errorText(err); text != "" {
		fmt.Fprintln(p.Err, "roost: "+text)
	}
	return exitCode(err)
}
