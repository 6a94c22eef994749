package snmp

import (
	"strconv"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// words are the names of numbers, and of object identifiers.
type words struct {
	byRaw  map[string]string // "2": "onBattery", "1.3.6.1.6.3.1.1.5.3": "linkDown"
	byWord map[string]string
}

// wordsOf reads them: "1=unknown, 2=normal, 3=low".
func wordsOf(k *keys.Keys) words {
	text := k.Text("words", "")
	if text == "" {
		return words{}
	}
	w := words{byRaw: make(map[string]string), byWord: make(map[string]string)}
	for pair := range strings.SplitSeq(text, ",") {
		raw, word, both := strings.Cut(pair, "=")
		raw, word = strings.TrimSpace(raw), strings.TrimSpace(word)
		switch {
		case !both || word == "" || !isRaw(raw):
			k.Wrong("words", "%q is not a number or an object identifier with its word, such as 2=normal", strings.TrimSpace(pair))
		case w.byRaw[raw] != "":
			k.Wrong("words", "%s is %s already", raw, w.byRaw[raw])
		case w.byWord[word] != "":
			k.Wrong("words", "%s is %s already", word, w.byWord[word])
		default:
			w.byRaw[raw], w.byWord[word] = word, raw
		}
	}
	return w
}

func isRaw(text string) bool {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10) == text // as agents' numbers are shown, to be found
	}
	oid, err := parseOID(text)
	return err == nil && plainOID(oid) == text
}

func (w words) given() bool { return len(w.byRaw) > 0 }
