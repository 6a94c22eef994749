package exec_test

import (
	"testing"

	"github.com/roost-iot/roost/actors/drivers/exec"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// FuzzLine: no line of a program is more than an error, and what is a value is one of its resource's type.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"id":1,"ok":true}`, `{"id":2,"values":{"u":18446744073709551615,"i":-1,"d":1e308,"t":"x","b":"AQI=","o":true}}`, `{"push":{"u":null}}`,
		`{"push":{"d":{"value":1,"quality":"bad","reason":"stale","code":1,"time":1e9}}}`, `{"id":1,"refused":"\ud800"}`, `{"push":{"u":-0,"i":1.0,"d":[]}}`,
	} {
		f.Add([]byte(line))
	}
	p := &roostv1.Profile{Resources: []*roostv1.Resource{
		resource("u", isUint), resource("i", isInt), resource("d", isDouble), resource("t", isText), resource("b", isBytes), resource("o", isBool),
	}}
	f.Fuzz(func(t *testing.T, line []byte) {
		samples, _, err := exec.Taken(p, line)
		if err != nil {
			return
		}
		for _, s := range samples {
			bad := s.Quality == roostv1.Quality_QUALITY_BAD
			switch {
			case s.Value == nil && !bad:
				t.Errorf("%s has no value, and is not BAD", s.Resource)
			case bad && s.Reason == roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED:
				t.Errorf("%s is BAD without a reason", s.Resource)
			case s.Value == nil:
			case s.Value.Type() != p.Resource(s.Resource).Type:
				t.Errorf("%s is a %v", s.Resource, s.Value.Type())
			}
		}
	})
}
