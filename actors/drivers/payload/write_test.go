package payload_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestWrite(t *testing.T) {
	const refused = "(refused)"
	odd := roostv1.Text("a\"\\\n<ä")
	tests := []struct {
		name  string
		kind  roostv1.ValueType
		says  map[string]string
		value *roostv1.Value
		want  string
	}{
		{"number", isDouble, nil, roostv1.Double(21.5), "21.5"},
		{"of another type", isDouble, nil, roostv1.Int(21), "21"},
		{"no exponent", isDouble, nil, roostv1.Double(1e6), "1000000"},
		{"exponent", isDouble, nil, roostv1.Double(1e30), "1e+30"},
		{"not whole", isInt, nil, roostv1.Double(.5), refused},
		{"no value", isInt, nil, nil, refused},
		{"scaled", isDouble, says("scale=0.1"), roostv1.Double(0.3), "3"},
		{"offset", isDouble, says("scale=0.1", "offset=-40"), roostv1.Double(25), "650"},
		{"too large with its scale", isDouble, says("scale=1e-300"), roostv1.Double(1e300), refused},
		{"all digits", isUint, nil, roostv1.Uint(18446744073709551615), "18446744073709551615"},
		{"true", isBool, nil, roostv1.Bool(true), "true"},
		{"word", isBool, says("true=ON", "false=OFF"), roostv1.Bool(false), "OFF"},
		{"text alone", isText, nil, odd, "a\"\\\n<ä"},
		{"bytes alone", isBytes, nil, roostv1.Bytes([]byte{0, 255}), "\x00\xff"},
		{"within text", isInt, says("write=SET {value};"), roostv1.Int(7), "SET 7;"},
		{"twice", isInt, says("write={value} {value}"), roostv1.Int(7), "7 7"},
		{"no place", isInt, says("write=GO"), roostv1.Int(7), "GO"},
		{"control characters within text", isText, says("write=SET {value};"), odd, refused},
		{"other braces", isInt, says("write=x{}{1}{{value}}"), roostv1.Int(7), "x{}{1}{7}"},
		{"JSON number", isInt, says(`write={"v": {value}}`), roostv1.Int(7), `{"v": 7}`},
		{"JSON word", isBool, says(`write={"v":{value}}`, "true=ON", "false=OFF"), roostv1.Bool(true), `{"v":"ON"}`},
		{"JSON word that is JSON", isBool, says(`write={"v":{value}}`, "true=1", "false=0"), roostv1.Bool(true), `{"v":1}`},
		{"JSON text", isText, says(`write=[{value}]`), odd, `["a\"\\\n<ä"]`},
		{"JSON text within quotes", isText, says(`write= {"\"{value}": "say {value}"}`), odd, ` {"\"a\"\\\n<ä": "say a\"\\\n<ä"}`},
		{"JSON bytes", isBytes, says(`write=[{value}]`), roostv1.Bytes([]byte{0, 255}), `["AP8="]`},
		{"JSON hexadecimal", isBytes, says(`write=[{value}]`, "bytes=hex"), roostv1.Bytes([]byte{0, 255}), `["00ff"]`},
		{"hexadecimal within text", isBytes, says(`write=SEND {value}`, "bytes=hex"), roostv1.Bytes([]byte{0, 255}), `SEND 00ff`},
		{"bytes within text", isBytes, says(`write=SEND {value}`), roostv1.Bytes([]byte{0, 255}), refused},
		{"number within quotes", isDouble, says(`write={"v":"{value}"}`), roostv1.Double(21.5), `{"v":"21.5"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := codec(t, test.kind, test.says).Write(test.value)
			if test.want == refused {
				if !errors.Is(err, roostv1.ErrInvalid) {
					t.Errorf("wrote %q, %v; want ErrInvalid", got, err)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("wrote %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestWriteToWhatCannotBeWritten(t *testing.T) {
	c, _ := parse(isInt, roostv1.Access_ACCESS_READ, nil)
	if got, err := c.Write(roostv1.Int(1)); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("wrote %q, %v; want ErrInvalid", got, err)
	}
}

func TestCommand(t *testing.T) {
	spec := &roostv1.CommandSpec{Name: "dose", Arguments: []*roostv1.Argument{{Name: "ml", Type: isDouble}, {Name: "of", Type: isText}}}
	arguments := map[string]*roostv1.Value{"ml": roostv1.Double(2.5), "of": roostv1.Text(`"A"`)}
	tests := []struct{ template, want string }{
		{"", `{"ml":2.5,"of":"\"A\""}`},
		{"DOSE {ml} {of}", `DOSE 2.5 "A"`},
		{`{"do": "dose {of}", "args": [{ml}]}`, `{"do": "dose \"A\"", "args": [2.5]}`},
	}
	for _, test := range tests {
		spec := &roostv1.DeviceSpec{Address: map[string]string{"dose": test.template}}
		if test.template == "" {
			spec.Address = nil
		}
		k := keys.OfAddress("test", spec)
		template := payload.ParseCommand(k, "dose", &roostv1.CommandSpec{Name: "dose", Arguments: []*roostv1.Argument{{Name: "ml"}, {Name: "of"}}})
		if err := k.Problems().Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := template.Fill(arguments); err != nil || string(got) != test.want {
			t.Errorf("%q is %q, %v; want %q", test.template, got, err, test.want)
		}
		if _, err := template.Fill(nil); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%q without arguments: %v, want ErrInvalid", test.template, err)
		}
	}
	k := keys.OfAddress("test", &roostv1.DeviceSpec{Address: map[string]string{"dose": "{value}"}})
	payload.ParseCommand(k, "dose", spec)
	want := `address["dose"]: nothing is called {value}: command "dose" has {ml}, {of}`
	if got := k.Problems(); len(got) != 1 || got[0].Path+": "+got[0].Message != want {
		t.Errorf("problems %v, want %s", got, want)
	}
}

// FuzzPayload: whatever comes, one sample is made of it, which the profile takes or which is BAD; and what is written of it is
// read as the same value again.
func FuzzPayload(f *testing.F) {
	f.Add([]byte("21.5"), "$.v", byte(0))
	f.Add([]byte(`{"v": 9007199254740993.0, "t": -1.5}`), "$.v", byte(1))
	f.Add([]byte(`[{"id": 1, "v": "0x00"}]`), `$[?@.id < 2 && length(@.v) == 4].v`, byte(5))
	f.Add([]byte(`[[], {}]`), `$[?$.a == @.*]`, byte(4))
	f.Add([]byte("ON"), "", byte(3))
	kinds := []roostv1.ValueType{isDouble, isInt, isUint, isBool, isText, isBytes}
	f.Fuzz(func(t *testing.T, raw []byte, path string, kind byte) {
		given := map[string]string{"write": `["{value}", {value}]`}
		if path != "" {
			given["json"], given["time"], given["time_format"] = path, "$.t", "unix"
		}
		of := kinds[int(kind)%len(kinds)]
		c, problems := parse(of, roostv1.Access_ACCESS_READ_WRITE, given)
		if problems.Err() != nil {
			return
		}
		samples := c.Read(nil, payload.Of(raw), time.Now())
		if len(samples) != 1 {
			t.Fatalf("%d samples", len(samples))
		}
		v := samples[0].Value
		if (v == nil) != (samples[0].Quality == roostv1.Quality_QUALITY_BAD) {
			t.Fatalf("value %s of quality %v", v.Format(), samples[0].Quality)
		}
		if v == nil {
			return
		}
		if _, err := roostv1.Convert(v, of); err != nil || v.Type() != of {
			t.Fatalf("a value of another type: %s, %v", v.Format(), err)
		}
		written, err := c.Write(v)
		if err != nil || !json.Valid(written) {
			t.Fatalf("%s is written as %q, %v", v.Format(), written, err)
		}
		for _, at := range []string{"$[0]", "$[1]"} {
			again, _ := parse(of, roostv1.Access_ACCESS_READ, map[string]string{"json": at})
			if got := again.Read(nil, payload.Of(written), time.Now())[0].Value; !roostv1.EqualValues(got, v) {
				t.Fatalf("%s was written as %s, and is read as %s", v.Format(), written, got.Format())
			}
		}
	})
}
