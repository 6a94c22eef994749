package cluster

import "testing"

// FuzzParseStored: whatever the server answers, it is a record, none, or no answer.
func FuzzParseStored(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"message":{"seq":7,"data":"YWJj"}}`, `{"message":{"seq":0}}`, `{"message":{"seq":7,"data":"%"}}`,
		`{"error":{"code":404,"err_code":10037}}`, `{"error":{"err_code":10059}}`, `{"message":null,"error":null}`, `[1]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		last, ok := parseStored(data)
		if last != nil && (!ok || last.sequence == 0) {
			t.Errorf("%q: a record at %d, of an answer that says something: %v", data, last.sequence, ok)
		}
	})
}
