package console_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[2J\x1b]0;title\x07", "two\nlines\r\n", "\xff\xfe", "right\u202eleft", "  wide 生命 ", "\u009b31m"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		clean := console.Clean(s)
		if !utf8.ValidString(clean) || strings.ContainsFunc(clean, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not clean: %q", s, clean)
		}
		if again := console.Clean(clean); again != clean {
			t.Errorf("%q cleaned again is %q", clean, again)
		}
		if cut := console.Cut(clean, width); text.StringWidth(cut) > max(width, 1) {
			t.Errorf("%q cut to %d is %q", clean, width, cut)
		}
	})
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		s     string
		width int
		want  string
	}{
		{"temperature", 20, "temperature"}, {"temperature", 11, "temperature"}, {"temperature", 10, "temperatu…"},
		{"temperature", 1, "…"}, {"temperature", 0, "…"}, {"temperature", -3, "…"}, {"", 3, ""}, {"生命生命", 4, "生…"},
	} {
		if got := console.Cut(test.s, test.width); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.s, test.width, got, test.want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for before, want := range map[time.Duration]string{
		0: "now", 999 * time.Millisecond: "now", 3400 * time.Millisecond: "3s ago", 59 * time.Second: "59s ago",
		60 * time.Second: "1m ago", 125 * time.Second: "2m5s ago", 2*time.Hour + 59*time.Second: "2h ago",
		26*time.Hour + 5*time.Minute: "26h5m ago", 12 * 24 * time.Hour: "12d ago",
		-500 * time.Millisecond: "now", -5 * time.Second: "in 5s",
	} {
		if got := console.Ago(timestamppb.New(now.Add(-before)), now); got != want {
			t.Errorf("%v before: got %q, want %q", before, got, want)
		}
	}
	for _, none := range []*timestamppb.Timestamp{nil, {Seconds: -1 << 62}} {
		if got := console.Ago(none, now); got != "never" {
			t.Errorf("%v: got %q, want never", none, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 48 * time.Microsecond: "<1ms", 340 * time.Millisecond: "340ms", time.Second: "1s",
		1650 * time.Millisecond: "1.6s", 7040 * time.Millisecond: "7s", 45*time.Second + 700*time.Millisecond: "45s", 90 * time.Minute: "1h30m",
		-2 * time.Second: "-2s",
	} {
		if got := console.Span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestQuantity(t *testing.T) {
	tests := []struct {
		value  *roostv1.Value
		unit   string
		digits int
		want   string
	}{
		{roostv1.Double(21.53449), "Cel", 4, "21.53 °C"},
		{roostv1.Double(-0.00001), "Cel", 4, "-1e-05 °C"},
		{roostv1.Double(-0.04), "bar", 1, "-0.04 bar"},
		{roostv1.Double(903.218), "{rev}/min", 4, "903.2 rev/min"},
		{roostv1.Double(1234567.8), "L", 4, "1234568 L"},
		{roostv1.Double(2.50), "1", 4, "2.5"},
		{roostv1.Int(-12), "", 4, "-12"},
		{roostv1.Uint(1024), "By", 6, "1 KiB"},
		{roostv1.Uint(23_456_789_012), "By", 6, "21.85 GiB"},
		{roostv1.Double(512.4), "By/s", 6, "512.4 B/s"},
		{roostv1.Uint(1 << 63), "By", 6, "8192 PiB"},
		{roostv1.Double(1e300), "m", 4, "1e+300 m"},
		{roostv1.Bool(true), "", 4, "true"},
		{roostv1.Text("heat\x1b[2J"), "", 4, `"heat\x1b[2J"`},
		{nil, "Cel", 4, "-"},
		{roostv1.Double(1), "\x1b[2J", 4, "1 [2J"},
		{roostv1.Double(60), "[degF]", 4, "60 °F"},
		{roostv1.Double(90), "deg", 4, "90 °"},
	}
	for _, test := range tests {
		if got := console.Quantity(test.value, test.unit, test.digits); got != test.want {
			t.Errorf("%v %s to %d digits: got %q, want %q", test.value, test.unit, test.digits, got, test.want)
		}
	}
}
