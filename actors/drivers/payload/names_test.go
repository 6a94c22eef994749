package payload_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// odd are documents in which a value is easily taken for another.
var odd = []string{
	`{"a":{"b":1.50},"b":2}`, ` { "b" : 3 , "a" : { "b" : [1, {"b": 4}], "c": "}" } } `, `{"a":{"b":"x\"y"},"a":{"b":"z"}}`, `{"a":{"b":1},"a":5}`,
	`{"\u0061":{"b":6},"b":"é"}`, `{"a":{"\"b":7,"b":null}}`, `{"a":"{\"b\":8}"}`, `{"a":{},"b":true}`, `[{"a":{"b":9}}]`, `9`, `""`, `{}`, `{"a":{"b":false}`,
	`{"a":{"b":1}} {}`, "{\"a\":{\"b\":\"\xff\"}}", `{"a":{"b":-0.1e+5,"c":[]}}`, `{"a":{"b":01}}`, `{"a":[],"b":"\ud800"}`, `{"a":{"b":"1\\"}}`, "", " ",
	`{"a":[[],{"b":1}],"b":[1,2]}`, "{\"a\":\n{\"b\"\t:\r1}}", `{"":1}`, `{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `,"b":1}`,
}

// FuzzNames: what a path of names finds in a document as it is, it finds in the decoded one.
func FuzzNames(f *testing.F) {
	for _, document := range odd {
		f.Add(document, "a", "b")
		f.Add(document, "b", "")
	}
	kinds := []roostv1.ValueType{isDouble, isInt, isBool, isText}
	f.Fuzz(func(t *testing.T, document, first, second string) {
		if strings.ContainsAny(first+second, `"\`) {
			return
		}
		names := `$["` + first + `"]`
		if second != "" {
			names += `["` + second + `"]`
		}
		for _, kind := range kinds {
			plain, problems := parse(kind, roostv1.Access_ACCESS_READ, map[string]string{"json": names})
			// A slice of the elements that are not there is not a path of names, and selects nothing beside it.
			other, more := parse(kind, roostv1.Access_ACCESS_READ, map[string]string{"json": strings.Replace(names, "]", ",9:9]", 1)})
			if len(slices.Concat(problems, more)) > 0 {
				return
			}
			at := time.Now()
			got, want := plain.Read(nil, payload.Of([]byte(document)), at), other.Read(nil, payload.Of([]byte(document)), at)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Fatalf("%s in %q:\n%s", names, document, diff)
			}
		}
	})
}

// TestManyValues: after some values a document is decoded, and all are the same.
func TestManyValues(t *testing.T) {
	c := codec(t, isInt, says("json=$.a.b"))
	document := payload.Of([]byte(`{"a":{"b":7}}`))
	for range 10 {
		if got := c.Read(nil, document, time.Now())[0].Value; got.GetInt() != 7 {
			t.Fatalf("value %s, want 7", got.Format())
		}
	}
}

// BenchmarkRead reads one value of a short message, by a path of names, and by one for which the document is decoded.
func BenchmarkRead(b *testing.B) {
	for name, path := range map[string]string{"names": `$.temp`, "decoded": `$["temp","none"]`} {
		b.Run(name, func(b *testing.B) {
			c, problems := parse(isDouble, roostv1.Access_ACCESS_READ, says("json="+path))
			if err := problems.Err(); err != nil {
				b.Fatal(err)
			}
			raw := []byte(`{"temp": 21.5}`)
			samples := c.Read(nil, payload.Of(raw), time.Now())
			b.ReportAllocs()
			for b.Loop() {
				samples = c.Read(samples[:0], payload.Of(raw), samples[0].At)
			}
		})
	}
}
