package keys_test

import (
	"testing"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

func TestVeil(t *testing.T) {
	v := keys.VeilOf("pin", `hun"ter`, "", "pin2", `"`)
	tests := []struct{ text, want string }{
		{"nothing to hide", "nothing to hide"},
		{"pin2 and pin", "*** and ***"},
		{`a hun"ter and {"x":"hun\"ter"}`, `a *** and {***x***:*********}`},
		{"\xff", "\uFFFD"},
		{"0123456789012345678901234567890123456789x", "0123456789012345678901234567890123456789..."},
		{"012345678901234567890123456789012345678ü", "012345678901234567890123456789012345678..."},
	}
	for _, tt := range tests {
		if got := v.Show(tt.text, 40); got != tt.want {
			t.Errorf("%q is shown as %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := (keys.Veil{}).Show("plain", 40); got != "plain" {
		t.Errorf("without secrets it is %q", got)
	}
}
