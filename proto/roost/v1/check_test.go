package roostv1_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestCheckReading(t *testing.T) {
	const (
		good      = roostv1.Quality_QUALITY_GOOD
		uncertain = roostv1.Quality_QUALITY_UNCERTAIN
		bad       = roostv1.Quality_QUALITY_BAD
		none      = roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED
		outside   = roostv1.QualityReason_QUALITY_REASON_OUT_OF_RANGE
		garbage   = roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
	)
	large := &roostv1.Resource{Type: typeInt, Min: proto.Float64(-1 << 53), Max: proto.Float64(1 << 53)}
	unsigned := &roostv1.Resource{Type: typeUint, Min: proto.Float64(0.5), Max: proto.Float64(math.MaxFloat64)}
	tests := []struct {
		name     string
		resource *roostv1.Resource
		value    *roostv1.Value
		want     *roostv1.Value
		quality  roostv1.Quality
		reason   roostv1.QualityReason
	}{
		{"fits", pump().Resource("flow"), roostv1.Double(12.5), roostv1.Double(12.5), good, none},
		{"at the minimum", pump().Resource("flow"), roostv1.Double(0), roostv1.Double(0), good, none},
		{"at the maximum", pump().Resource("flow"), roostv1.Double(50), roostv1.Double(50), good, none},
		{"converted", pump().Resource("flow"), roostv1.Int(12), roostv1.Double(12), good, none},
		{"below", pump().Resource("flow"), roostv1.Double(-0.01), roostv1.Double(-0.01), uncertain, outside},
		{"above, converted", pump().Resource("flow"), roostv1.Uint(51), roostv1.Double(51), uncertain, outside},
		{"option", pump().Resource("mode"), roostv1.Text("auto"), roostv1.Text("auto"), good, none},
		{"no option", pump().Resource("mode"), roostv1.Text("turbo"), roostv1.Text("turbo"), uncertain, outside},
		{"bool", pump().Resource("running"), roostv1.Bool(false), roostv1.Bool(false), good, none},
		{"number for bool", pump().Resource("running"), roostv1.Int(1), nil, bad, garbage},
		{"fraction", pump().Resource("speed"), roostv1.Double(0.5), nil, bad, garbage},
		{"NaN", pump().Resource("flow"), roostv1.Double(math.NaN()), nil, bad, garbage},
		{"infinity", pump().Resource("flow"), roostv1.Double(math.Inf(-1)), nil, bad, garbage},
		{"not UTF-8", pump().Resource("mode"), roostv1.Text("\xff"), nil, bad, garbage},
		{"too long", &roostv1.Resource{Type: typeBytes}, roostv1.Bytes(make([]byte, roostv1.MaxValue+1)), nil, bad, garbage},
		{"no value", pump().Resource("flow"), nil, nil, bad, garbage},
		{"no kind", pump().Resource("flow"), &roostv1.Value{}, nil, bad, garbage},
		{"no resource", nil, roostv1.Int(1), nil, bad, garbage},
		{"one above 2^53", large, roostv1.Int(1<<53 + 1), roostv1.Int(1<<53 + 1), uncertain, outside},
		{"one below -2^53", large, roostv1.Int(-1<<53 - 1), roostv1.Int(-1<<53 - 1), uncertain, outside},
		{"2^53", large, roostv1.Int(1 << 53), roostv1.Int(1 << 53), good, none},
		{"between integers", unsigned, roostv1.Uint(0), roostv1.Uint(0), uncertain, outside},
		{"highest", unsigned, roostv1.Uint(math.MaxUint64), roostv1.Uint(math.MaxUint64), good, none},
		{"highest int below 2^63", &roostv1.Resource{Type: typeInt, Max: proto.Float64(1 << 63)}, roostv1.Int(math.MaxInt64), roostv1.Int(math.MaxInt64), good, none},
		{"highest uint below 2^64", &roostv1.Resource{Type: typeUint, Max: proto.Float64(1 << 64)}, roostv1.Uint(math.MaxUint64), roostv1.Uint(math.MaxUint64), good, none},
		{"lowest int", &roostv1.Resource{Type: typeInt, Min: proto.Float64(-1 << 63)}, roostv1.Int(math.MinInt64), roostv1.Int(math.MinInt64), good, none},
		{"limits of NaN", &roostv1.Resource{Type: typeInt, Min: proto.Float64(math.NaN()), Max: proto.Float64(math.NaN())}, roostv1.Int(1), roostv1.Int(1), good, none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, quality, reason := roostv1.CheckReading(test.resource, test.value)
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			if quality != test.quality || reason != test.reason {
				t.Errorf("%v, %v, want %v, %v", quality, reason, test.quality, test.reason)
			}
		})
	}
}

// checked keeps the compiler from leaving out what is measured.
type checked struct {
	value   *roostv1.Value
	quality roostv1.Quality
	reason  roostv1.QualityReason
}

func readings() map[string]struct {
	resource *roostv1.Resource
	value    *roostv1.Value
} {
	return map[string]struct {
		resource *roostv1.Resource
		value    *roostv1.Value
	}{
		"double":  {pump().Resource("flow"), roostv1.Double(12.5)},
		"int":     {pump().Resource("speed"), roostv1.Int(900)},
		"string":  {pump().Resource("mode"), roostv1.Text("off")},
		"bool":    {pump().Resource("running"), roostv1.Bool(true)},
		"outside": {pump().Resource("flow"), roostv1.Double(51)},
		"bad":     {pump().Resource("running"), roostv1.Int(1)},
	}
}

func TestCheckReadingAllocatesNothing(t *testing.T) {
	for name, reading := range readings() {
		var out checked
		n := testing.AllocsPerRun(100, func() {
			out.value, out.quality, out.reason = roostv1.CheckReading(reading.resource, reading.value)
		})
		if n != 0 || out.quality == 0 {
			t.Errorf("%s: %v allocations, %v", name, n, out)
		}
	}
}

func BenchmarkCheckReading(b *testing.B) {
	for _, name := range []string{"double", "int", "string", "bool", "outside", "bad"} {
		reading := readings()[name]
		b.Run(name, func(b *testing.B) {
			var out checked
			b.ReportAllocs()
			for b.Loop() {
				out.value, out.quality, out.reason = roostv1.CheckReading(reading.resource, reading.value)
			}
			if out.quality == 0 {
				b.Fatal("nothing was checked")
			}
		})
	}
}
