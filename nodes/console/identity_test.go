package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSubmittedBy: who submitted a command is shown as the hub knows it, beside what the sender says of himself.
func TestSubmittedBy(t *testing.T) {
	r := taken(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	r.SubmittedBy = &roostv1.Identity{Name: "ben", Role: "limited"}
	var out bytes.Buffer
	if err := console.Command(console.Screen{Writer: &out}, r, zone); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"submitted by  ben (limited)", "sent by       ann@desk"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := console.Commands([]*roostv1.CommandRecord{r}, time.Now(), 0).Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "  ben  ") || strings.Contains(text, "ann@desk") {
		t.Errorf("got\n%s", text)
	}
}
