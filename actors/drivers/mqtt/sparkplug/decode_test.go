package sparkplug_test

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// captured is what the npm package sparkplug-payload 1.0.3 makes of one metric of each kind.
const captured = "088899a6e5b73312150a0269381001188999a6e5b733200150f8ffffff0f120d0a03693136200250d4fdffff0f120d0a0369333220035090ddfbff0f" +
	"12120a03693634200458809ce8afedffffffff0112090a027538200550c801120b0a03753136200650e0d403120d0a0375333220075880d0acf30e" +
	"12120a03753634200858ffffffffffffffffff01120a0a0166200965cdcca841120e0a0164200a699a9999999999b93f12070a0162200b7001" +
	"120e0a0173200c7a074772c3b6c39f6512080a0174200e7a0178120d0a026174200d588899a6e5b733120b0a036f6c64200328015801120a0a046e756c6c20033801" +
	"120e0a0562797465732011820102010212290a017120034a200a07656e67556e69740a075175616c6974791205080c4201431205080318f403500512" +
	"180a0373657420108a010e0801120161180c22050a033201781807"

func TestDecodesWhatOthersEncode(t *testing.T) {
	b, err := hex.DecodeString(captured)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sparkplug.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.UnixMilli(1767323045000); !p.Time.Equal(want) || p.Seq != 7 {
		t.Errorf("time %v and sequence %d, want %v and 7", p.Time, p.Seq, want)
	}
	got := make(map[string]string)
	for i := range p.Metrics {
		m := &p.Metrics[i]
		v, err := m.Value(m.Type)
		got[m.Name] = m.Type.String() + " " + v.Format()
		if err != nil {
			got[m.Name] = m.Type.String() + ": " + err.Error()
		}
	}
	want := map[string]string{
		"i8": "Int8 -8", "i16": "Int16 -300", "i32": "Int32 -70000", "i64": "Int64 -5000000000",
		"u8": "UInt8 200", "u16": "UInt16 60000", "u32": "UInt32 4000000000", "u64": "UInt64 18446744073709551615",
		"f": "Float 21.1", "d": "Double 0.1", "b": "Boolean true", "s": "String Größe", "t": "Text x", "at": "DateTime 1767323045000",
		"old": "Int32 1", "null": "Int32: it is null", "q": "Int32 5",
		"bytes": "datatype 17: it is of datatype 17, which is not supported", "set": "datatype 16: it is of datatype 16, which is not supported",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	first, quality := p.Metrics[0], p.Metrics[17]
	if !first.HasAlias || first.Alias != 1 || !first.Time.Equal(time.UnixMilli(1767323045001)) {
		t.Errorf("alias %d, %v and time %v", first.Alias, first.HasAlias, first.Time)
	}
	if !quality.HasQuality || quality.Quality != 500 {
		t.Errorf("quality %d, %v; want 500", quality.Quality, quality.HasQuality)
	}
}

// field returns a metric with one field of a number.
func field(number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
}

// in returns a payload with a metric.
func in(metric []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), metric)
}

// TestIntegers: encoders do not agree on the field that an integer goes to, and on how wide a negative one is.
func TestIntegers(t *testing.T) {
	const intValue, longValue = 10, 11
	for _, test := range []struct {
		field protowire.Number
		bits  uint64
		as    sparkplug.Type
		want  string
	}{
		{intValue, 0xff, sparkplug.Int8, "-1"},
		{intValue, 0xffffffff, sparkplug.Int8, "-1"},
		{intValue, math.MaxUint64, sparkplug.Int8, "-1"},
		{longValue, math.MaxUint64, sparkplug.Int8, "-1"},
		{intValue, 0x7f, sparkplug.Int8, "127"},
		{intValue, 0x100, sparkplug.Int8, "error"},
		{longValue, 0xff00000000, sparkplug.Int8, "error"},
		{intValue, 0x8000, sparkplug.Int16, "-32768"},
		{longValue, 0xffffffff, sparkplug.Int32, "-1"},
		{longValue, 0x100000000, sparkplug.Int32, "error"},
		{intValue, 0xffffffff, sparkplug.Int64, "-1"},
		{longValue, 0xffffffff, sparkplug.Int64, "4294967295"},
		{intValue, 256, sparkplug.UInt8, "error"},
		{intValue, 255, sparkplug.UInt8, "255"},
		{intValue, 0xffffffff, sparkplug.UInt32, "4294967295"},
		{longValue, 0x100000000, sparkplug.UInt32, "error"},
		{longValue, math.MaxUint64, sparkplug.UInt64, "18446744073709551615"},
		{longValue, 1, sparkplug.Double, "error"},
		{longValue, 1, sparkplug.Boolean, "error"},
		{longValue, 1, sparkplug.String, "error"},
		{longValue, 1, sparkplug.Type(22), "error"},
	} {
		p, err := sparkplug.Decode(in(field(test.field, test.bits)))
		if err != nil {
			t.Fatal(err)
		}
		got := "error"
		if v, err := p.Metrics[0].Value(test.as); err == nil {
			got = v.Format()
		}
		if got != test.want {
			t.Errorf("field %d with %#x as %v: %s, want %s", test.field, test.bits, test.as, got, test.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	text := func(number protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
	}
	for _, test := range []struct {
		name, says string
		bytes      []byte
	}{
		{"cut short", "unexpected EOF", []byte{0x12, 0x05, 0x01}},
		{"a group", "it has a group", []byte{0x0b, 0x0c}},
		{"wrong kind of field", "its field 3 is of the wrong kind", text(3, "x")},
		{"wrong kind in a metric", "metric 0: its field 12 is of the wrong kind", in(field(12, 1))},
		{"sequence", "its sequence number is 256, beyond 255", field(3, 256)},
		{"compressed", "it is compressed", text(4, "SPBV1.0_COMPRESSED")},
		{"text", "metric 0: it has text that is not UTF-8", in(text(1, "\xff"))},
		{"JSON", "the payload is no Sparkplug B", []byte(`{"value": 1}`)},
		{"too many", "it has more than 16384 metrics", []byte(strings.Repeat("\x12\x00", sparkplug.MaxMetrics+1))},
	} {
		if _, err := sparkplug.Decode(test.bytes); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
}

// TestRoundTrip: what is written is read again.
func TestRoundTrip(t *testing.T) {
	at := time.UnixMilli(1767323045000)
	for _, test := range []struct {
		as    sparkplug.Type
		value *roostv1.Value
		want  string // empty: it is refused
	}{
		{sparkplug.Int8, roostv1.Int(-128), "-128"}, {sparkplug.Int8, roostv1.Int(128), ""}, {sparkplug.Int8, roostv1.Double(2), "2"},
		{sparkplug.Int16, roostv1.Int(-1), "-1"}, {sparkplug.Int32, roostv1.Int(math.MinInt32), "-2147483648"},
		{sparkplug.Int64, roostv1.Int(math.MinInt64), "-9223372036854775808"},
		{sparkplug.UInt8, roostv1.Int(-1), ""}, {sparkplug.UInt8, roostv1.Uint(256), ""}, {sparkplug.UInt32, roostv1.Uint(math.MaxUint32), "4294967295"},
		{sparkplug.UInt64, roostv1.Uint(math.MaxUint64), "18446744073709551615"},
		{sparkplug.Float, roostv1.Double(21.1), "21.1"}, {sparkplug.Float, roostv1.Double(1e300), ""}, {sparkplug.Double, roostv1.Double(1e300), "1e+300"},
		{sparkplug.Boolean, roostv1.Bool(true), "true"}, {sparkplug.Boolean, roostv1.Int(1), ""},
		{sparkplug.String, roostv1.Text("ü"), "ü"}, {sparkplug.Text, roostv1.Int(1), ""},
		{sparkplug.DateTime, roostv1.Text("2026-01-02T03:04:05Z"), "1767323045000"}, {sparkplug.DateTime, roostv1.Text("now"), ""},
		{sparkplug.Type(16), roostv1.Int(1), ""}, {sparkplug.Int32, nil, ""}, {sparkplug.Double, nil, ""},
	} {
		m, err := sparkplug.Of("m", test.as, test.value)
		if test.want == "" {
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%s as %v: %v, want ErrInvalid", test.value.Format(), test.as, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s as %v: %v", test.value.Format(), test.as, err)
			continue
		}
		m.Alias, m.HasAlias, m.Time, m.Historical = 5, true, at, true
		p, err := sparkplug.Decode(sparkplug.EncodeSeq(at, 9, m))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Metrics[0]
		v, err := got.Value(got.Type)
		if err != nil || v.Format() != test.want {
			t.Errorf("%s as %v is read as %s, %v; want %s", test.value.Format(), test.as, v.Format(), err, test.want)
		}
		if p.Seq != 9 || got.Name != "m" || got.Alias != 5 || !got.HasAlias || !got.Time.Equal(at) || !got.Historical || got.Type != test.as {
			t.Errorf("%v is read as %+v of sequence %d", test.as, got, p.Seq)
		}
	}
}

func TestDateTimeAsText(t *testing.T) {
	v, err := sparkplug.As(roostv1.Uint(1767323045678), sparkplug.DateTime, roostv1.ValueType_VALUE_TYPE_STRING)
	if err != nil || v.GetString_() != "2026-01-02T03:04:05.678Z" {
		t.Errorf("%s, %v", v.Format(), err)
	}
	if _, err := sparkplug.As(roostv1.Uint(math.MaxUint64), sparkplug.DateTime, roostv1.ValueType_VALUE_TYPE_STRING); err == nil {
		t.Error("a time of the year 584542046 is taken")
	}
}

func TestTopics(t *testing.T) {
	for _, topic := range []string{"spBv1.0/G/NBIRTH/N", "spBv1.0/G/DDATA/N/D", "spBv1.0/G/NCMD/N"} {
		group, verb, node, device, ok := sparkplug.ParseTopic(topic)
		if !ok || verb.Topic(group, node, device) != topic {
			t.Errorf("%s is taken for %q %q %q %q, %v", topic, group, verb, node, device, ok)
		}
	}
	for _, topic := range []string{"", "spBv1.0/STATE/host", "spBv1.0/G/DDATA/N", "spBv1.0/G/NDATA/N/D", "spAv1.0/G/NDATA/N", "spBv1.0//NDATA/N", "spBv1.0/G/X/N", "spBv1.0/G/DDATA/N/D/E"} {
		if _, _, _, _, ok := sparkplug.ParseTopic(topic); ok {
			t.Errorf("%s is taken for a topic of an edge node", topic)
		}
	}
}
