package console_test

import (
	"bytes"
	"testing"

	"github.com/roost-iot/roost/nodes/console"
)

func TestProgress(t *testing.T) {
	for _, test := range []struct {
		name   string
		screen console.Screen
		want   string
	}{
		{"elsewhere", console.Screen{}, "gw-1: 2 buses left\ngw-1: 1 bus left\n"},
		{"terminal", console.Screen{Terminal: true, Width: 80}, "\rgw-1: 2 buses left\x1b[K\rgw-1: 1 bus left\x1b[K\n"},
		{"narrow", console.Screen{Terminal: true, Width: 8}, "\rgw-1: …\x1b[K\rgw-1: …\x1b[K\n"},
	} {
		var out bytes.Buffer
		test.screen.Writer = &out
		p := console.NewProgress(test.screen)
		for _, text := range []string{"gw-1: 2 buses left", "gw-1: 2 buses left", "gw-1: 1 bus left"} {
			if err := p.Show(text); err != nil {
				t.Fatal(err)
			}
		}
		p.End()
		if out.String() != test.want {
			t.Errorf("%s: got %q, want %q", test.name, out.String(), test.want)
		}
	}
}
