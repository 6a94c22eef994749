package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/roost-iot/roost/nodes/console"
)

func fleetTable() *console.Table {
	t := &console.Table{Columns: []console.Column{
		{Title: "DEVICE", Least: 4}, {Title: "STATE"}, {Title: "N", Right: true}, {Title: "ERROR", Least: 6},
	}}
	t.Add(console.Cell{Text: "pump"}, console.Cell{Text: "online", Tone: console.Good}, console.Cell{Text: "3"}, console.Cell{Text: "-"})
	t.Add(console.Cell{Text: "a-very-long-device-id"}, console.Cell{Text: "offline", Tone: console.Bad}, console.Cell{Text: "12"},
		console.Cell{Text: "dial tcp 10.0.0.1:502: connect: connection refused\nsecond \x1b[2Jline"})
	t.Add(console.Cell{Text: "short"})
	return t
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := fleetTable().Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
DEVICE                 STATE     N  ERROR
pump                   online    3  -
a-very-long-device-id  offline  12  dial tcp 10.0.0.1:502: connect: connection refused second  [2Jline
short
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestTableFits: the widest columns give way first, and no line is wider than the screen, with
// colours or without.
func TestTableFits(t *testing.T) {
	want := map[int]string{
		60: "a-very-long-device-id  offline  12  dial tcp 10.0.0.1:502: …",
		40: "a-very-long…  offline  12  dial tcp 10.…",
		28: "a-ver…  offline  12  dial t…",
	}
	for width := 1; width <= 120; width++ {
		for _, colors := range []console.Palette{false, true} {
			lines := fleetTable().Lines(width, colors)
			for _, line := range lines {
				if got := text.StringWidthWithoutEscSequences(line); got > width {
					t.Errorf("width %d: a line has %d columns: %q", width, got, line)
				}
			}
			if want := want[width]; want != "" && !bool(colors) && lines[2] != want {
				t.Errorf("width %d: got\n%s\nwant\n%s", width, lines[2], want)
			}
		}
	}
}

// TestTableColors: colours are there only where they are wanted, and do not move what is beside them.
func TestTableColors(t *testing.T) {
	plain, colored := fleetTable().Lines(60, false), fleetTable().Lines(60, true)
	if strings.Contains(strings.Join(plain, ""), "\x1b") {
		t.Errorf("a plain table has colours: %q", plain)
	}
	if !strings.Contains(colored[1], "\x1b[32monline\x1b[0m") {
		t.Errorf("good news are not green: %q", colored[1])
	}
	for i := range plain {
		if got := text.StripEscape(colored[i]); strings.TrimRight(got, " ") != plain[i] {
			t.Errorf("line %d with colours is\n%q, without\n%q", i, got, plain[i])
		}
	}
}

func TestPairs(t *testing.T) {
	var out bytes.Buffer
	err := console.Pairs(console.Screen{Writer: &out, Width: 24},
		console.Pair{Name: "device", Value: console.Cell{Text: "pump"}},
		console.Pair{Name: "last error", Value: console.Cell{}},
		console.Pair{Name: "labels", Value: console.Cell{Text: "medium=water site=boiler-house"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "device  pump\nlabels  medium=water si…\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
