package roostv1_test

import (
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestCheckName(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a", ""},
		{"Flow_rate.avg-10", ""},
		{strings.Repeat("a", 64), ""},
		{"", "resource name is empty"},
		{strings.Repeat("a", 65), `resource name "aaaaaaaaaaaaaaaa"... has 65 characters, at most 64 are allowed`},
		{"1a", `resource name "1a" does not begin with a letter A-Z a-z`},
		{"_a", `resource name "_a" does not begin with a letter A-Z a-z`},
		{"ä", `resource name "ä" does not begin with a letter A-Z a-z`},
		{"a=b", `resource name "a=b": character '=' at position 2 is not one of A-Z a-z 0-9 _ . -`},
		{"a\xff", `resource name "a\xff": character '�' at position 2 is not one of A-Z a-z 0-9 _ . -`},
	}
	for _, test := range tests {
		checkRefusal(t, roostv1.CheckName("resource name", test.name), test.want)
	}
}
