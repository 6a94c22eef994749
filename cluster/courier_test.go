package cluster

import "testing"

// FuzzParseLast: whatever the server answers, it is a record, none, or no answer.
func FuzzParseLast(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"message":{"seq":7,"data":"YWJj"}}`, `{"message":{"seq":0}}`, `{"message":{"seq":7,"data":"%"}}`,
		`{"error":{"code":404,"err_code":10037}}`, `{"error":{"err_code":10059}}`, `{"message":null,"error":null}`, `[1]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sequence, record, ok := parseLast(data)
		if !ok && (sequence != 0 || record != nil) {
			t.Errorf("%q: no answer, but record %q at %d", data, record, sequence)
		}
		if sequence == 0 && record != nil {
			t.Errorf("%q: a record at no sequence", data)
		}
	})
}
