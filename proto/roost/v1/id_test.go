package roostv1_test

import (
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestCheckID(t *testing.T) {
	tests := []struct{ id, want string }{
		{"a", ""},
		{"-_9zZ", ""},
		{strings.Repeat("a", 64), ""},
		{"", "device id is empty"},
		{strings.Repeat("a", 65), `device id "aaaaaaaaaaaaaaaa"... has 65 characters, at most 64 are allowed`},
		{"a.b", `device id "a.b": character '.' at position 2 is not one of A-Z a-z 0-9 _ -`},
		{"*", `device id "*": character '*' at position 1 is not one of A-Z a-z 0-9 _ -`},
		{"a\n", `device id "a\n": character '\n' at position 2 is not one of A-Z a-z 0-9 _ -`},
		{"\xff", `device id "\xff": character '�' at position 1 is not one of A-Z a-z 0-9 _ -`},
	}
	for _, test := range tests {
		checkRefusal(t, roostv1.CheckID("device id", test.id), test.want)
	}
}
