package hub

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// serverLog is the server's logger. The server tells only its logger when it could
// not start, with Fatalf, and goes on half started; so the first such message is kept.
type serverLog struct {
	logger *slog.Logger
	fatal  atomic.Pointer[string]
	told   refusals
}

func (l *serverLog) Noticef(format string, args ...any) { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log(slog.LevelWarn, format, args) }
func (l *serverLog) Debugf(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Tracef(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }

func (l *serverLog) Errorf(format string, args ...any) {
	level := slog.LevelError
	if who, refused := refusedUser(fmt.Sprintf(format, args...)); refused && !l.told.first(who, time.Now()) {
		level = slog.LevelDebug
	}
	l.log(level, format, args)
}

func (l *serverLog) Fatalf(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	l.fatal.CompareAndSwap(nil, &message)
	l.log(slog.LevelDebug, format, args) // Open returns it; to log it as an error too would say it twice.
}

func (l *serverLog) log(level slog.Level, format string, args []any) {
	if ctx := context.Background(); l.logger.Enabled(ctx, level) {
		l.logger.Log(ctx, level, fmt.Sprintf(format, args...))
	}
}
