package spool

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// serverLog is the embedded server's logger. The server tells only its logger when it could not start, and
// goes on half started; so the first such message is kept. What else it says is for who looks for it: the
// spool itself tells what comes of it.
type serverLog struct {
	logger *slog.Logger
	fatal  atomic.Pointer[string]
}

func (l *serverLog) Noticef(format string, args ...any) { l.log(format, args) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log(format, args) }
func (l *serverLog) Errorf(format string, args ...any)  { l.log(format, args) }
func (l *serverLog) Debugf(format string, args ...any)  { l.log(format, args) }
func (l *serverLog) Tracef(format string, args ...any)  { l.log(format, args) }

func (l *serverLog) Fatalf(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	l.fatal.CompareAndSwap(nil, &message)
	l.log(format, args)
}

func (l *serverLog) log(format string, args []any) {
	if ctx := context.Background(); l.logger.Enabled(ctx, slog.LevelDebug) {
		l.logger.Log(ctx, slog.LevelDebug, fmt.Sprintf(format, args...), "server", "spool")
	}
}
