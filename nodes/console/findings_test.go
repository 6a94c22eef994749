package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/doctor"
)

func findings() []doctor.Finding {
	return []doctor.Finding{
		{Check: "link", State: doctor.OK, Seen: "round trip 1ms"},
		{Check: "direct gets", State: doctor.Unsafe, Seen: "ROOST_roost_CONTROL answers direct gets, out of date at times", Mend: "nats stream edit ROOST_roost_CONTROL --no-allow-direct"},
	}
}

// TestFindings: nothing is cut off, on no screen: who has to type what is told needs all of it.
func TestFindings(t *testing.T) {
	var out bytes.Buffer
	if err := console.Findings(console.Screen{Writer: &out}, findings()); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
ok      link         round trip 1ms
unsafe  direct gets  ROOST_roost_CONTROL answers direct gets, out of date at times
                     mend: nats stream edit ROOST_roost_CONTROL --no-allow-direct
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	for width := 45; width < 100; width++ {
		out.Reset()
		if err := console.Findings(console.Screen{Writer: &out, Width: width}, findings()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(out.String()), " "); got != strings.Join(strings.Fields(want), " ") {
			t.Errorf("width %d: got %s", width, got)
		}
		for line := range strings.Lines(out.String()) {
			if len(line)-1 > width {
				t.Errorf("width %d: a line has %d columns: %q", width, len(line)-1, line)
			}
		}
	}
}
