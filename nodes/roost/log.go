package main

import (
	"io"
	"log/slog"
)

// newLogger logs to an output; timeless, it leaves the times to whoever shows them.
func newLogger(out io.Writer, level slog.Level, timeless bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if timeless {
		options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(out, options))
}
