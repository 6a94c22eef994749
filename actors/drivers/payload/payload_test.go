package payload_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
)

// says is what a resource says, as key=value.
func says(entries ...string) map[string]string {
	given := make(map[string]string)
	for _, e := range entries {
		key, value, _ := strings.Cut(e, "=")
		given[key] = value
	}
	return given
}

func parse(kind roostv1.ValueType, access roostv1.Access, given map[string]string) (*payload.Codec, roostv1.Problems) {
	r := &roostv1.Resource{Name: "x", Type: kind, Access: access, Protocol: given}
	k := keys.OfResource("test", &roostv1.Profile{Resources: []*roostv1.Resource{r}}, 0)
	return payload.Parse(k, r), k.Problems()
}

func codec(t *testing.T, kind roostv1.ValueType, given map[string]string) *payload.Codec {
	t.Helper()
	c, problems := parse(kind, roostv1.Access_ACCESS_READ_WRITE, given)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRead(t *testing.T) {
	const path = "json=$.v"
	tests := []struct {
		name    string
		kind    roostv1.ValueType
		says    map[string]string
		payload string
		want    *roostv1.Value // nil: BAD
	}{
		{"number", isDouble, nil, "21.5", roostv1.Double(21.5)},
		{"spaces around a number", isDouble, nil, " 21.5\r\n", roostv1.Double(21.5)},
		{"no number", isDouble, nil, "nan", nil},
		{"infinite", isDouble, nil, "1e999", nil},
		{"nothing", isDouble, nil, "", nil},
		{"scaled", isDouble, says("scale=0.1", "offset=-40"), "650", roostv1.Double(25)},
		{"scaled to the last digit", isDouble, says("scale=0.1"), "499", roostv1.Double(49.9)},
		{"scaled too far", isDouble, says("scale=1e300"), "1e300", nil},
		{"largest INT", isInt, nil, "9223372036854775807", roostv1.Int(9223372036854775807)},
		{"smallest INT", isInt, nil, "-9223372036854775808", roostv1.Int(-9223372036854775808)},
		{"too large an INT", isInt, nil, "9223372036854775808", nil},
		{"hexadecimal", isInt, nil, "0x1e3", roostv1.Int(0x1e3)},
		{"whole with a fraction", isInt, nil, "5.0", roostv1.Int(5)},
		{"whole with an exponent", isInt, nil, "-1.5e1", roostv1.Int(-15)},
		{"not whole", isInt, nil, "5.5", nil},
		{"not whole by a digit that float64 has not", isInt, nil, "9007199254740992.0000001", nil},
		{"exact beyond float64", isInt, nil, "9007199254740993.0", roostv1.Int(9007199254740993)},
		{"endless exponent", isInt, nil, "1e999999999", nil},
		{"zero of any size", isInt, nil, "0.0e99", roostv1.Int(0)},
		{"largest UINT", isUint, nil, "18446744073709551615", roostv1.Uint(18446744073709551615)},
		{"negative UINT", isUint, nil, "-1", nil},
		{"word", isBool, nil, "On", roostv1.Bool(true)},
		{"no word", isBool, nil, "1", nil},
		{"own word", isBool, says("true=1", "false=0"), "0", roostv1.Bool(false)},
		{"not an own word", isBool, says("true=1", "false=0"), "true", nil},
		{"text as it is", isText, nil, " a\n", roostv1.Text(" a\n")},
		{"no text", isText, nil, "\xff", nil},
		{"too long", isText, nil, strings.Repeat("x", roostv1.MaxValue+1), nil},
		{"bytes as they are", isBytes, nil, "0x\xff", roostv1.Bytes([]byte("0x\xff"))},

		{"JSON number", isDouble, says(path), `{"v": 21.5}`, roostv1.Double(21.5)},
		{"JSON number as text", isDouble, says(path), `{"v": "21.5"}`, roostv1.Double(21.5)},
		{"all digits", isInt, says(path), `{"v": 9007199254740993}`, roostv1.Int(9007199254740993)},
		{"all digits of a UINT", isUint, says(path), `{"v": 18446744073709551615}`, roostv1.Uint(18446744073709551615)},
		{"true", isBool, says(path), `{"v": true}`, roostv1.Bool(true)},
		{"number that is no BOOL", isBool, says(path), `{"v": 1}`, nil},
		{"number that is a word", isBool, says(path, "true=1", "false=0"), `{"v": 1}`, roostv1.Bool(true)},
		{"text that is a word", isBool, says(path, "true=OPEN", "false=SHUT"), `{"v": "SHUT"}`, roostv1.Bool(false)},
		{"JSON with other words", isBool, says(path, "true=on", "false=off"), `{"v": true}`, roostv1.Bool(true)},
		{"JSON that is a word", isBool, says(path, "true=false", "false=true"), `{"v": true}`, roostv1.Bool(false)},
		{"JSON where a number is a word", isBool, says(path, "true=1", "false=0"), `{"v": false}`, roostv1.Bool(false)},
		{"true is no number", isInt, says(path), `{"v": true}`, nil},
		{"text", isText, says(path), `{"v": "a \u00e4"}`, roostv1.Text("a ä")},
		{"number is text", isText, says(path), `{"v": 1.50}`, roostv1.Text("1.50")},
		{"object is text", isText, says(path), `{"v": {"b": 1.0, "a": [true]}}`, roostv1.Text(`{"a":[true],"b":1.0}`)},
		{"object is no number", isDouble, says(path), `{"v": {}}`, nil},
		{"base64", isBytes, says(path), `{"v": "AP8="}`, roostv1.Bytes([]byte{0, 255})},
		{"base64 without padding", isBytes, says(path), `{"v": "_-8"}`, roostv1.Bytes([]byte{0xff, 0xef})},
		{"base64 that begins as hexadecimal does", isBytes, says(path), `{"v": "0x12"}`, roostv1.Bytes([]byte{0xd3, 0x1d, 0x76})},
		{"no base64", isBytes, says(path), `{"v": "?"}`, nil},
		{"hexadecimal text", isBytes, says("bytes=hex"), "00FF\n", roostv1.Bytes([]byte{0, 255})},
		{"hexadecimal bytes", isBytes, says(path, "bytes=hex"), `{"v": "0x00ff"}`, roostv1.Bytes([]byte{0, 255})},
		{"number is no bytes", isBytes, says(path), `{"v": 1234}`, nil},
		{"null", isText, says(path), `{"v": null}`, nil},
		{"absent", isInt, says(path), `{"w": 1}`, nil},
		{"the whole document", isInt, says("json=$"), ` 7 `, roostv1.Int(7)},
		{"a filter", isInt, says(`json=$.all[?@.id=="b"].v`), `{"all":[{"id":"a","v":1},{"id":"b","v":2}]}`, roostv1.Int(2)},
		{"a filter and huge numbers", isInt, says(`json=$[?@.id==1].v`), `[{"id":1e999,"v":1},{"id":1,"v":2}]`, roostv1.Int(2)},
		{"several", isInt, says("json=$[*]"), `[1, 2]`, nil},
		{"no JSON", isInt, says(path), `{"v": 1`, nil},
		{"two documents", isInt, says(path), `{"v": 1}{"v": 2}`, nil},
		{"rubbish behind", isInt, says(path), `{"v": 1}x`, nil},
		{"no UTF-8", isText, says(path), "{\"v\": \"\xff\"}", nil},
		{"brackets without end", isInt, says(path), strings.Repeat("[", 1e5), nil},
		{"as deep as may be", isInt, says("json=$..v"), strings.Repeat("[", 99) + `{"v": 7}` + strings.Repeat("]", 99), roostv1.Int(7)},
		{"too deep", isInt, says("json=$..v"), strings.Repeat("[", 100) + `{"v": 7}` + strings.Repeat("]", 100), nil},
		{"brackets in text", isText, says(path), `{"v": "\"` + strings.Repeat("[", 200) + `"}`, roostv1.Text(`"` + strings.Repeat("[", 200))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at := time.Now()
			samples := codec(t, test.kind, test.says).Read(nil, payload.Of([]byte(test.payload)), at)
			if len(samples) != 1 || samples[0].Resource != "x" || samples[0].At != at {
				t.Fatalf("samples %+v, want one of x", samples)
			}
			s := samples[0]
			if !roostv1.EqualValues(s.Value, test.want) || s.Value.Type() != test.want.Type() {
				t.Errorf("value %s, want %s", s.Value.Format(), test.want.Format())
			}
			bad := s.Quality == roostv1.Quality_QUALITY_BAD && s.Reason == roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
			if bad != (test.want == nil) {
				t.Errorf("quality %v, %v", s.Quality, s.Reason)
			}
		})
	}
}

// TestWhatIsWrong: a value that is none says what came, and what was expected, and where.
func TestWhatIsWrong(t *testing.T) {
	const path = "json=$.v"
	tests := []struct {
		kind    roostv1.ValueType
		says    map[string]string
		payload string
		want    string
	}{
		{isUint, nil, "warm", `"warm" is not a UINT`},
		{isUint, says(path), `{"v":"warm"}`, `$["v"]: "warm" is not a UINT`},
		{isUint, says(path), `{"v":-1}`, `$["v"]: "-1" is not a UINT`},
		{isUint, says(path), `{"v":null}`, `$["v"]: null came, where UINT is expected`},
		{isUint, says(path), `{"v":true}`, `$["v"]: true came, where UINT is expected`},
		{isDouble, says(path), `{"v":{"t":1}}`, `$["v"]: {"t":1} came, where DOUBLE is expected`},
		{isDouble, says(path), `{"w":1}`, `$["v"]: the path selects nothing`},
		{isDouble, says("json=$.*"), `{"v":1,"w":2}`, `$[*]: the path selects several values`},
		{isBool, says("true=ON", "false=OFF"), "on", `"on" came, where "ON" or "OFF" is expected`},
		{isBytes, says(path), `{"v":7}`, `$["v"]: the number 7 came, where BYTES are expected, as text`},
		{isDouble, says(path), "<html>", `$["v"]: `},
	}
	for _, tt := range tests {
		got := codec(t, tt.kind, tt.says).Read(nil, payload.Of([]byte(tt.payload)), time.Now())
		if len(got) != 1 || !strings.HasPrefix(got[0].Detail, tt.want) || len(got[0].Detail) == len(`$["v"]: `) {
			t.Errorf("%s: what is wrong is %+v, want %q", tt.payload, got, tt.want)
		}
	}
	long := codec(t, isUint, nil).Read(nil, payload.Of([]byte(strings.Repeat("x", 10_000))), time.Now())
	if n := len(long[0].Detail); n == 0 || n > 200 {
		t.Errorf("%d bytes are said of a long payload", n)
	}
}

func TestOneDocumentForAll(t *testing.T) {
	d := payload.Of([]byte(`{"a": 1, "b": "two", "t": 1700000000}`))
	var got []actors.Sample
	got = codec(t, isInt, says("json=$.a", "time=$.t", "time_format=unix")).Read(got, d, time.Now())
	got = codec(t, isText, says("json=$.b")).Read(got, d, time.Now())
	got = codec(t, isText, says("json=$.c", "absent=skip")).Read(got, d, time.Now())
	got = codec(t, isInt, says("json=$.b", "absent=skip")).Read(got, d, time.Now())
	if len(got) != 3 || got[0].Value.GetInt() != 1 || got[1].Value.GetString_() != "two" || got[2].Value != nil {
		t.Errorf("samples %+v, want 1, two and a bad one", got)
	}
	if got[0].Source.Unix() != 1700000000 || !got[1].Source.IsZero() {
		t.Errorf("times of the device: %v, %v", got[0].Source, got[1].Source)
	}
}

func TestTime(t *testing.T) {
	tests := []struct{ format, time, want string }{
		{"rfc3339", `"2026-03-04T05:06:07.5+01:00"`, "2026-03-04T04:06:07.5Z"},
		{"rfc3339", `"yesterday"`, ""},
		{"rfc3339", `1700000000`, ""},
		{"unix", `1700000000`, "2023-11-14T22:13:20Z"},
		{"unix", `"1700000000"`, "2023-11-14T22:13:20Z"},
		{"unix", `1700000000.25`, "2023-11-14T22:13:20.25Z"},
		{"unix", `1.7e9`, "2023-11-14T22:13:20Z"},
		{"unix", `1.70000000025e9`, ""},
		{"unix", `-0.5`, "1969-12-31T23:59:59.5Z"},
		{"unix", `-1e18`, ""},
		{"unix", `9e18`, ""},
		{"unix", `true`, ""},
		{"unix_ms", `1700000000123`, "2023-11-14T22:13:20.123Z"},
		{"unix_ms", `-1`, "1969-12-31T23:59:59.999Z"},
		{"unix_ms", `1700000000123.5`, "2023-11-14T22:13:20.1235Z"},
	}
	for _, test := range tests {
		c := codec(t, isInt, says("json=$.v", "time=$.t", "time_format="+test.format))
		got := c.Read(nil, payload.Of([]byte(`{"v": 1, "t": `+test.time+`}`)), time.Now())[0]
		told := ""
		if !got.Source.IsZero() {
			told = got.Source.UTC().Format(time.RFC3339Nano)
		}
		if told != test.want || got.Value.GetInt() != 1 {
			t.Errorf("%s %s is %q with value %s, want %q with 1", test.format, test.time, told, got.Value.Format(), test.want)
		}
	}
}

func TestProblems(t *testing.T) {
	const costs = ` would search the document again for each of its elements: .. may stand once and in no filter, what a filter takes of $ is one value ` +
		`and nothing that it computes with, and what match and search look for is written in the path`
	tests := []struct {
		name   string
		kind   roostv1.ValueType
		access roostv1.Access
		says   map[string]string
		want   []string
	}{
		{"path", isInt, roostv1.Access_ACCESS_READ, says("json=v"),
			[]string{`resources[0].protocol["json"]: "v" is no JSONPath, such as $.climate.temperature: jsonpath: unexpected identifier at position 1`}},
		{"twice", isInt, roostv1.Access_ACCESS_READ, says("json=$..a..b"), []string{`resources[0].protocol["json"]: "$..a..b"` + costs}},
		{"in a filter", isInt, roostv1.Access_ACCESS_READ, says("json=$[?$..b]"), []string{`resources[0].protocol["json"]: "$[?$..b]"` + costs}},
		{"all of it in a filter", isInt, roostv1.Access_ACCESS_READ, says("json=$[?$[*]]"),
			[]string{`resources[0].protocol["json"]: "$[?$[*]]"` + costs}},
		{"one value in a filter", isInt, roostv1.Access_ACCESS_READ, says("json=$..[?@['..'] == $.now]"), nil},
		{"no document", isInt, roostv1.Access_ACCESS_READ, says("absent=skip", "time=$.t"), []string{
			`resources[0].protocol["absent"]: is for values in a JSON document: x has no json`,
			`resources[0].protocol["time"]: is in the JSON document that the value is in: x has no json`}},
		{"no time", isInt, roostv1.Access_ACCESS_READ, says("json=$.v", "time_format=unix"),
			[]string{`resources[0].protocol["time_format"]: says how time is written, and there is none`}},
		{"of other types", isText, roostv1.Access_ACCESS_READ, says("true=1", "bytes=hex", "scale=2", "write={value}"), []string{
			`resources[0].protocol["true"]: is a word of a BOOL, and x is a STRING`,
			`resources[0].protocol["bytes"]: says how BYTES are written as text, and x is a STRING`,
			`resources[0].protocol["scale"]: is for a DOUBLE, and x is a STRING`,
			`resources[0].protocol["write"]: x cannot be written`}},
		{"of what is read", isText, roostv1.Access_ACCESS_WRITE, says("json=$"),
			[]string{`resources[0].protocol["json"]: says how x is read, which can only be written`}},
		{"one word", isBool, roostv1.Access_ACCESS_READ, says("true=1"),
			[]string{`resources[0].protocol["false"]: is needed: the other word is given`}},
		{"same words", isBool, roostv1.Access_ACCESS_READ, says("true=1", "false=1"),
			[]string{`resources[0].protocol["false"]: is the same word as true`}},
		{"scale", isDouble, roostv1.Access_ACCESS_READ, says("scale=0"),
			[]string{`resources[0].protocol["scale"]: is 0, and every value would be the same`}},
		{"name", isInt, roostv1.Access_ACCESS_WRITE, says("write={speed}"),
			[]string{`resources[0].protocol["write"]: nothing is called {speed}: a resource has {value}`}},
		{"broken JSON", isInt, roostv1.Access_ACCESS_WRITE, says(`write={"a": {value}`),
			[]string{`resources[0].protocol["write"]: begins as JSON does, and is none, with values in its places: {"a": null`}},
		{"a digit before", isInt, roostv1.Access_ACCESS_WRITE, says(`write=[1{value}]`),
			[]string{`resources[0].protocol["write"]: begins as JSON does, and is none, with values in its places: [1null]`}},
		{"an escape before", isInt, roostv1.Access_ACCESS_WRITE, says(`write=["\{value}"]`),
			[]string{`resources[0].protocol["write"]: begins as JSON does, and is none, with values in its places: ["\ "]`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, problems := parse(test.kind, test.access, test.says)
			var got []string
			for _, p := range problems {
				got = append(got, p.Path+": "+p.Message)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
