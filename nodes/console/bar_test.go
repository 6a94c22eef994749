package console_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestBar: how many are done, in lines that fit, and that it ended before all were.
func TestBar(t *testing.T) {
	for _, test := range []struct {
		width, done int
		want        []string
	}{
		{80, 4, []string{" 25% [######....", "[1/4 in 0s]  set_speed rpm=900\n", "set_speed rpm=900  done [4/4 in 520ms]"}},
		{120, 4, []string{" 75% [#", "set_speed rpm=900  done [4/4 in"}},
		{40, 2, []string{"set_spe…", "ended [2/4 in"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer // it is read when nobody writes to it any more
			bar := console.NewBar(console.Screen{Writer: &out, Terminal: true, Width: test.width}, "set_speed rpm=900", 4)
			for i := range 4 {
				<-time.After(130 * time.Millisecond)
				r := record(succeeded, nil)
				if i >= test.done {
					r = record(0, roostv1.Errorf(roostv1.ErrCancelled, "it was not begun"))
				}
				bar.Count(r)
			}
			bar.End()
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%d columns: got\n%s\nwithout %q", test.width, out.String(), want)
				}
			}
			for line := range strings.Lines(strings.ReplaceAll(out.String(), "\x1b[A\x1b[K", "")) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > test.width {
					t.Errorf("%d columns: a line has %d: %q", test.width, n, line)
				}
			}
		})
	}
}
