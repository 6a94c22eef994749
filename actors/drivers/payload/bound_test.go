package payload_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestOneMessageCostsLittle: of 240 KiB, one whose name was measured for each of its elements took 31 s, and one that brought the patterns for
// its elements took 52 s.
func TestOneMessageCostsLittle(t *testing.T) {
	const limit = 5 * time.Second
	numbers := `[` + strings.Repeat("1,", 60000) + `1]`
	for _, c := range []struct{ path, document string }{
		{`$.l[?length($.name) < 3]`, `{"name":"` + strings.Repeat("é", 60000) + `","l":` + numbers + `}`},
		{`$.l[?search($.name, 'z')]`, `{"name":"` + strings.Repeat("x", 100000) + `","l":` + numbers + `}`},
		{`$.l[?@.a == 1 && length($['name']) < 3]`, `{}`},
		{`$.l[?match(@.a, @.b)]`, `{"l":[` + strings.Repeat(`{"a":"x","b":"(.{1000})"},`, 9000) + `1]}`},
		{`$.l[?match(@.a, 'x') || search(@.c, @.b)]`, `{}`},
	} {
		codec, problems := parse(isText, roostv1.Access_ACCESS_READ, says("json="+c.path))
		if len(problems) > 0 {
			continue
		}
		t.Errorf("%s is no problem", c.path)
		began := time.Now()
		codec.Read(nil, payload.Of([]byte(c.document)), began)
		if took := time.Since(began); took > limit {
			t.Errorf("%s took %v of a processor for %d bytes", c.path, took, len(c.document))
		}
	}
	for _, path := range []string{
		`$.l[?match(@.a, 'x.*')].v`, `$.l[?search(@.a, 'it''s, "")')].v`, `$.l[?length(@.a) == 3].v`, `$['match($', '..'].v`,
		`$.l[?match(value(@.a), ', "")')].v`, `$.l[?count(@.*) > 2].v`, `$.l[?@.a == "match("].v`,
	} {
		path = strings.ReplaceAll(path, "''", `\'`)
		if _, problems := parse(isText, roostv1.Access_ACCESS_READ, says("json="+path)); len(problems) > 0 {
			t.Errorf("%s: %v", path, problems.Err())
		}
	}
}
