package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/health"
	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Exit codes. Those from 64 on are the ones of sysexits.h.
const (
	exitOK          = 0
	exitFailed      = 1  // it was refused, or did not succeed
	exitUnknown     = 2  // it may have been done or not
	exitWarning     = 3  // roost doctor warns
	exitUnsafe      = 4  // roost doctor has found that a promise does not hold
	exitUsage       = 64 // the command line is wrong
	exitData        = 65 // a file is wrong
	exitUnavailable = 69 // hub, gateway, device, address, folder or id is not to be had
	exitInternal    = 70 // a defect of Roost
	exitCreate      = 73 // the data folder cannot be used
	exitIO          = 74 // the disk is full or fails
	exitPermission  = 77 // the hub refuses the credentials
	exitInterrupted = 130
)

const exitHelp = `What the exit code of roost says:

    0  done
    1  refused, failed, expired or cancelled
    2  unknown: a command may have been carried out or not, or has not ended
    3  a run of roost chaos could not be made
    3  roost doctor warns of something that should be mended
    4  roost doctor has found something that is unsafe, or no hub
   64  the command line is wrong
   65  a fleet file, or the hub's users file, is wrong
   69  hub, gateway or device cannot be reached; address, folder or id in use
   70  a defect of Roost
   73  the data folder cannot be written
   74  the disk is full, or fails
   77  the hub refuses the credentials
  130  interrupted`

// newExitCodes is a page of the manual, not a command.
func newExitCodes() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes say", Long: exitHelp}
}

// exit is an error that has an exit code of its own. Without an error inside there is
// nothing to tell: what was printed says it all.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage is the error of a command line that makes no sense. It says where help is.
func usage(cmd *cobra.Command, format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf("%s (see %s --help)", fmt.Sprintf(format, args...), cmd.CommandPath())}
}

// exitCode says what came of a command.
func exitCode(err error) int {
	var known *exit
	var file *fleetfile.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &known):
		return known.code
	case errors.As(err, &file):
		return exitData
	}
	for _, c := range exitCodes() {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return exitFailed
}

type codeOf struct {
	err  error
	code int
}

// exitCodes are looked through from the first; what is none of them is exitFailed.
func exitCodes() []codeOf {
	return []codeOf{
		{health.ErrAddress, exitUsage}, {health.ErrNotLoopback, exitUsage}, {health.ErrAddressInUse, exitUnavailable},
		{hub.ErrAddress, exitUsage}, {hub.ErrNotLoopback, exitUsage}, {hub.ErrPeers, exitUsage},
		{hub.ErrAddressInUse, exitUnavailable}, {hub.ErrCannotListen, exitUnavailable}, {hub.ErrFolderInUse, exitUnavailable}, {gateway.ErrFolderInUse, exitUnavailable},
		{guard.ErrRoster, exitData}, {hub.ErrUsers, exitData}, {guard.ErrNone, exitCreate},
		{hub.ErrNotFolder, exitCreate}, {hub.ErrNotWritable, exitCreate}, {hub.ErrMode, exitCreate},
		{hub.ErrDiskFull, exitIO}, {hub.ErrStore, exitIO}, {roostv1.ErrExhausted, exitIO},
		{roostv1.ErrOutcomeUnknown, exitUnknown},
		{roostv1.ErrUnavailable, exitUnavailable}, {roostv1.ErrOffline, exitUnavailable}, {roostv1.ErrQuarantined, exitUnavailable},
		{roostv1.ErrSuspended, exitUnavailable}, {roostv1.ErrNotOwner, exitUnavailable},
		{context.DeadlineExceeded, exitUnavailable},
		{roostv1.ErrPermission, exitPermission},
		{roostv1.ErrInternal, exitInternal},
		{context.Canceled, exitInterrupted},
	}
}

// errorText is what there is to tell of an error: one line, except for a file's problems, each of
// which has its own.
func errorText(err error) string {
	var known *exit
	var file *fleetfile.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &known) && known.err == nil:
		return ""
	case errors.As(err, &file):
		return err.Error()
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
